//! Which copy of the kernels runs.

/// The instruction set that kernels are called with. Only [`Isa::detect`] makes a value that stands
/// for more than the baseline, so holding one proves that the machine has the instructions.
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

/// The baseline has a fused multiply-add: always on 64-bit Arm, on x86 only if compiled for it.
pub(super) const BASELINE_FMA: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));

impl Isa {
    /// The best that this machine has.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
        {
            return Self(Kind::Avx512);
        }
        Self::without_avx512()
    }

    /// The best that this machine has but for AVX-512.
    pub(crate) fn without_avx512() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Self(Kind::Avx2);
        }
        Self::baseline()
    }

    /// All that this machine has, for tests.
    #[cfg(test)]
    pub(super) fn all() -> [Self; 3] {
        [Self::detect(), Self::without_avx512(), Self::baseline()]
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

    /// Registers of 512 bits, and 32 of them.
    pub(super) fn is_wide(self) -> bool {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => true,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => false,
            Kind::Baseline => false,
        }
    }
}

/// `a * b + c`, fused where the instruction set has it.
#[inline(always)]
pub(super) fn multiply_add<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// Makes `fn name(isa, arguments)` out of `fn inner::<FMA>(arguments)`: `inner` is compiled into a copy
/// for AVX-512, one for AVX2 and one for the baseline. Generic parameters stand in brackets after the name, and after
/// the `inner` they are given to.
macro_rules! for_each_isa {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident$([$($parameters:tt)+])?($($argument:ident: $type:ty),* $(,)?) = $inner:ident $(::<$($generic:tt),+>)?) => {
        $(#[$attribute])*
        $visibility fn $name$(<$($parameters)+>)?(isa: $crate::model::kernels::isa::Isa, $($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            fn avx512$(<$($parameters)+>)?($($argument: $type),*) {
                $inner::<true $($(, $generic)+)?>($($argument),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2$(<$($parameters)+>)?($($argument: $type),*) {
                $inner::<true $($(, $generic)+)?>($($argument),*);
            }
            match isa.kind() {
                #[cfg(target_arch = "x86_64")]
                #[expect(unsafe_code, reason = "the value proves that the machine has these parts of AVX-512")]
                $crate::model::kernels::isa::Kind::Avx512 => unsafe { avx512($($argument),*) },
                #[cfg(target_arch = "x86_64")]
                #[expect(unsafe_code, reason = "the value proves that the machine has AVX2 and FMA")]
                $crate::model::kernels::isa::Kind::Avx2 => unsafe { avx2($($argument),*) },
                $crate::model::kernels::isa::Kind::Baseline => {
                    $inner::<{ $crate::model::kernels::isa::BASELINE_FMA } $($(, $generic)+)?>($($argument),*);
                }
            }
        }
    };
}
pub(super) use for_each_isa;
