//! Picks the device and the number format at run time: what was asked for, or the nearest thing
//! that works, with a word about what was changed.
//!
//! The `cuda` and `metal` features only forward to candle; without them candle itself refuses the
//! device, so nothing here is compiled conditionally.

use candle_core::{DType, Device};

use super::error::Error;
use super::kernels::isa::Isa;
use super::load_options::Quantization;

/// Where to compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// An accelerator when the build has support for one and the machine has it, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A CUDA device by number; an error when it cannot be used.
    Cuda(usize),
    /// A Metal device by number; an error when it cannot be used.
    Metal(usize),
}

/// In which number format to compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DtypeChoice {
    /// f32 on the CPU, bf16 on an accelerator.
    #[default]
    Auto,
    /// 32 bits: equal to the reference.
    F32,
    /// 16 bits with the range of f32.
    Bf16,
    /// 16 bits with the precision of a hundredth of a percent.
    F16,
}

/// Lets so many threads compute instead of one a core.
///
/// # Errors
/// When the threads have been started already, or the system has none to give.
pub fn use_threads(num_threads: usize) -> Result<(), rayon::ThreadPoolBuildError> {
    rayon::ThreadPoolBuilder::new().num_threads(num_threads).build_global()
}

/// What the layers run on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KernelChoice {
    /// Our own kernels where they can run (f32 on the CPU), else candle.
    #[default]
    Auto,
    /// candle everywhere: the oracle that our own kernels are held against.
    Candle,
    /// Our own kernels without the instructions that not every machine has.
    Baseline,
}

impl KernelChoice {
    /// The instruction set for our own kernels; `None` for candle.
    pub(crate) fn choose(self, target: &ComputeTarget) -> Option<Isa> {
        let can_run = target.device.is_cpu() && target.dtype == DType::F32;
        match self {
            Self::Auto => can_run.then(Isa::detect),
            Self::Baseline => can_run.then(Isa::baseline),
            Self::Candle => None,
        }
    }

    /// What can be held in fewer bits: only our own kernels can.
    pub(crate) fn quantize(kernels: Option<Isa>, asked: Quantization) -> (Quantization, Option<String>) {
        if kernels.is_some() || asked == Quantization::NONE {
            return (asked, None);
        }
        (Quantization::NONE, Some("only Doclens' own kernels hold weights in fewer bits".to_owned()))
    }
}

/// A device that works, with what there is to say about the choice.
#[derive(Clone, Debug)]
pub(crate) struct ComputeTarget {
    pub(crate) device: Device,
    pub(crate) dtype: DType,
    /// Why this is not what was asked for.
    pub(crate) fallback: Option<String>,
}

impl ComputeTarget {
    /// # Errors
    /// When a device was asked for by name and cannot be used.
    pub(crate) fn choose(device: DeviceChoice, dtype: DtypeChoice) -> Result<Self, Error> {
        let named = |name: String, device: candle_core::Result<Device>| {
            device.map_err(|source| Error::Device { device: name, source })
        };
        let (device, mut fallback) = match device {
            DeviceChoice::Cpu => (Device::Cpu, None),
            DeviceChoice::Cuda(ordinal) => {
                (named(format!("CUDA {ordinal}"), Device::new_cuda(ordinal))?, None)
            }
            DeviceChoice::Metal(ordinal) => {
                (named(format!("Metal {ordinal}"), Device::new_metal(ordinal))?, None)
            }
            DeviceChoice::Auto => accelerator(),
        };
        let dtype = match (&device, dtype) {
            (Device::Cpu, DtypeChoice::Auto | DtypeChoice::F32) | (_, DtypeChoice::F32) => DType::F32,
            (Device::Cpu, DtypeChoice::Bf16 | DtypeChoice::F16) => {
                // candle has no bf16 products on the CPU, and its f16 ones are slower than f32.
                fallback = Some("16-bit arithmetic is not for the CPU: computing in f32".to_owned());
                DType::F32
            }
            (_, DtypeChoice::Auto | DtypeChoice::Bf16) => DType::BF16,
            (_, DtypeChoice::F16) => DType::F16,
        };
        Ok(Self { device, dtype, fallback })
    }

    /// "CPU", "CUDA 0", "Metal 0".
    pub(crate) fn device_name(&self) -> String {
        match self.device.location() {
            candle_core::DeviceLocation::Cpu => "CPU".to_owned(),
            candle_core::DeviceLocation::Cuda { gpu_id } => format!("CUDA {gpu_id}"),
            candle_core::DeviceLocation::Metal { gpu_id } => format!("Metal {gpu_id}"),
        }
    }
}

/// The first accelerator that can be used, or the CPU and why.
fn accelerator() -> (Device, Option<String>) {
    let found = if candle_core::utils::cuda_is_available() {
        Device::new_cuda(0)
    } else if candle_core::utils::metal_is_available() {
        Device::new_metal(0)
    } else {
        return (Device::Cpu, None);
    };
    match found {
        Ok(device) => (device, None),
        Err(error) => (Device::Cpu, Some(format!("computing on the CPU: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_computes_in_f32_and_says_so() {
        let plain = ComputeTarget::choose(DeviceChoice::Cpu, DtypeChoice::Auto).unwrap();
        assert_eq!((plain.dtype, plain.device_name().as_str()), (DType::F32, "CPU"));
        assert_eq!(plain.fallback, None);
        let half = ComputeTarget::choose(DeviceChoice::Cpu, DtypeChoice::Bf16).unwrap();
        assert_eq!(half.dtype, DType::F32);
        assert!(half.fallback.is_some());
    }

    #[test]
    fn weights_are_held_in_fewer_bits_only_where_that_can_be() {
        let asked = Quantization { vision_int16: true, text_q8_0: false };
        assert_eq!(KernelChoice::quantize(Some(Isa::baseline()), asked), (asked, None));
        let (done, fallback) = KernelChoice::quantize(None, asked);
        assert!(done == Quantization::NONE && fallback.is_some());
        assert_eq!(KernelChoice::quantize(None, Quantization::NONE).1, None);
    }

    #[cfg(not(any(feature = "cuda", feature = "metal")))]
    #[test]
    fn a_device_asked_for_by_name_is_not_replaced_in_silence() {
        let error = ComputeTarget::choose(DeviceChoice::Cuda(0), DtypeChoice::Auto).unwrap_err();
        assert_eq!(error.to_string(), "CUDA 0 cannot be used");
    }
}
