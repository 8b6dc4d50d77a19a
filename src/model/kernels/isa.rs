//! Which copy of the kernels runs, and what the copies differ in.

#[cfg(target_arch = "x86_64")]
use super::lanes::{Avx2Lanes, Avx512Lanes};
use super::lanes::{Lanes, PlainLanes};
#[cfg(target_arch = "x86_64")]
use super::whole_lanes::{Avx2WholeLanes, Avx512WholeLanes};
use super::whole_lanes::{PlainWholeLanes, WholeLanes};

/// The instruction set that kernels are called with. Only [`Isa::detect`] and its parts make a value that
/// stands for more than the baseline, so holding one proves that the machine has the instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Isa(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Baseline,
}

impl Isa {
    /// The best that this machine has.
    pub(crate) fn detect() -> Self {
        Self::all().first().copied().unwrap_or(Self::baseline())
    }

    /// Every one that this machine has, the best first.
    pub(crate) fn all() -> Vec<Self> {
        [Self::avx512(), Self::avx2(), Some(Self::baseline())].into_iter().flatten().collect()
    }

    /// AVX-512 with integer dot products: Ice Lake and Zen 4 on. Processors before them have parts of it, but
    /// slow down when they use it.
    fn avx512() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni")
            && Self::avx2().is_some()
        {
            return Some(Self(Kind::Avx512));
        }
        None
    }

    fn avx2() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c")
        {
            return Some(Self(Kind::Avx2));
        }
        None
    }

    /// What every machine of this architecture has.
    pub(crate) fn baseline() -> Self {
        Self(Kind::Baseline)
    }

    /// For reports.
    pub(crate) fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "AVX2",
            Kind::Baseline if cfg!(target_arch = "aarch64") => "NEON",
            Kind::Baseline => "baseline",
        }
    }

    pub(super) fn kind(self) -> Kind {
        self.0
    }

    /// A register holds a whole line of a panel, and there are thirty-two of them.
    pub(super) fn has_wide_registers(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return self.0 == Kind::Avx512;
        #[cfg(not(target_arch = "x86_64"))]
        false
    }
}

/// What a kernel may use in one of its copies.
pub(super) trait Instructions {
    /// There is a fused multiply-add.
    const FMA: bool;
    /// How a line of a panel is held.
    type Lanes: Lanes;
    /// How a line of pairs of 16-bit numbers, and of their sums, is held.
    type WholeLanes: WholeLanes<Lanes = Self::Lanes>;
}

/// The copy for AVX-512.
#[cfg(target_arch = "x86_64")]
pub(super) struct Avx512;

/// The copy for AVX2, with FMA and F16C, which came with it.
#[cfg(target_arch = "x86_64")]
pub(super) struct Avx2;

/// The copy for every machine of this architecture.
pub(super) struct Baseline;

#[cfg(target_arch = "x86_64")]
impl Instructions for Avx512 {
    const FMA: bool = true;
    type Lanes = Avx512Lanes;
    type WholeLanes = Avx512WholeLanes;
}

#[cfg(target_arch = "x86_64")]
impl Instructions for Avx2 {
    const FMA: bool = true;
    type Lanes = Avx2Lanes;
    type WholeLanes = Avx2WholeLanes;
}

impl Instructions for Baseline {
    /// Always on 64-bit Arm, on x86 only if compiled for it.
    const FMA: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));
    type Lanes = PlainLanes;
    type WholeLanes = PlainWholeLanes;
}

/// `a * b + c`, fused where the instruction set has it.
#[inline(always)]
pub(super) fn multiply_add<I: Instructions>(a: f32, b: f32, c: f32) -> f32 {
    if I::FMA { a.mul_add(b, c) } else { a * b + c }
}

/// Makes `fn name(isa, arguments)` out of `fn inner::<I>(arguments)`: `inner` is compiled into a copy for each
/// instruction set. Generic parameters stand in brackets after the name, and after the `inner` they are given
/// to.
macro_rules! for_each_isa {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident$([$($parameters:tt)+])?($($argument:ident: $type:ty),* $(,)?) = $inner:ident $(::<$($generic:tt),+>)?) => {
        $(#[$attribute])*
        $visibility fn $name$(<$($parameters)+>)?(isa: $crate::model::kernels::isa::Isa, $($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c")]
            fn avx512$(<$($parameters)+>)?($($argument: $type),*) {
                $inner::<$crate::model::kernels::isa::Avx512 $($(, $generic)+)?>($($argument),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,f16c")]
            fn avx2$(<$($parameters)+>)?($($argument: $type),*) {
                $inner::<$crate::model::kernels::isa::Avx2 $($(, $generic)+)?>($($argument),*);
            }
            match isa.kind() {
                #[cfg(target_arch = "x86_64")]
                #[expect(unsafe_code, reason = "the value proves that the machine has these instructions")]
                $crate::model::kernels::isa::Kind::Avx512 => unsafe { avx512($($argument),*) },
                #[cfg(target_arch = "x86_64")]
                #[expect(unsafe_code, reason = "the value proves that the machine has these instructions")]
                $crate::model::kernels::isa::Kind::Avx2 => unsafe { avx2($($argument),*) },
                $crate::model::kernels::isa::Kind::Baseline => {
                    $inner::<$crate::model::kernels::isa::Baseline $($(, $generic)+)?>($($argument),*);
                }
            }
        }
    };
}
pub(super) use for_each_isa;
