//! A line of a panel in registers: what matrix products are made of.
//!
//! Compilers turn most loops over lines into vector code by themselves, but not dependably those of a
//! product, whose accumulators have to stay in registers. On x86 these few operations are therefore spelled
//! out. Each gives the bits that [`PlainLanes`] gives with a fused multiply-add.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m256, __m512, _mm_loadu_si128, _mm256_cvtph_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_loadu_si256,
    _mm256_mul_ps, _mm256_set1_ps, _mm256_storeu_ps, _mm512_cvtph_ps, _mm512_fmadd_ps, _mm512_loadu_ps,
    _mm512_mul_ps, _mm512_set1_ps, _mm512_storeu_ps,
};

use half::f16;

use super::packed::PANEL;

/// A line of numbers, or of sums.
pub(crate) trait Lanes: Copy {
    /// From memory.
    fn load(line: &[f32; PANEL]) -> Self;

    /// From f16 in memory.
    fn load_f16(line: &[f16; PANEL]) -> Self;

    /// To memory.
    fn store(self, line: &mut [f32; PANEL]);

    /// The same number in all lanes.
    fn splat(number: f32) -> Self;

    /// Lane by lane.
    fn multiply(self, factor: Self) -> Self;

    /// `self * factor + sum`, fused where the instruction set has it.
    fn multiply_add(self, factor: Self, sum: Self) -> Self;
}

/// Left to the compiler.
#[derive(Clone, Copy)]
pub(super) struct PlainLanes([f32; PANEL]);

impl Lanes for PlainLanes {
    #[inline(always)]
    fn load(line: &[f32; PANEL]) -> Self {
        Self(*line)
    }

    #[inline(always)]
    fn load_f16(line: &[f16; PANEL]) -> Self {
        Self(line.map(f16::to_f32))
    }

    #[inline(always)]
    fn store(self, line: &mut [f32; PANEL]) {
        *line = self.0;
    }

    #[inline(always)]
    fn splat(number: f32) -> Self {
        Self([number; PANEL])
    }

    #[inline(always)]
    fn multiply(mut self, factor: Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(factor.0) {
            *a *= b;
        }
        self
    }

    #[inline(always)]
    fn multiply_add(self, factor: Self, mut sum: Self) -> Self {
        for ((sum, a), b) in sum.0.iter_mut().zip(self.0).zip(factor.0) {
            *sum = super::isa::multiply_add::<super::isa::Baseline>(a, b, *sum);
        }
        sum
    }
}

/// Two registers of AVX2.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Avx2Lanes(__m256, __m256);

#[cfg(target_arch = "x86_64")]
impl Avx2Lanes {
    #[inline(always)]
    pub(super) fn from_registers(first: __m256, second: __m256) -> Self {
        Self(first, second)
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "only the AVX2 copy of a kernel names this type; lines are arrays of the right length"
)]
impl Lanes for Avx2Lanes {
    #[inline(always)]
    fn load(line: &[f32; PANEL]) -> Self {
        let from = line.as_ptr();
        unsafe { Self(_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(PANEL / 2))) }
    }

    #[inline(always)]
    fn load_f16(line: &[f16; PANEL]) -> Self {
        let from = line.as_ptr();
        let half = |at: usize| unsafe { _mm256_cvtph_ps(_mm_loadu_si128(from.add(at).cast())) };
        Self(half(0), half(PANEL / 2))
    }

    #[inline(always)]
    fn store(self, line: &mut [f32; PANEL]) {
        let to = line.as_mut_ptr();
        unsafe {
            _mm256_storeu_ps(to, self.0);
            _mm256_storeu_ps(to.add(PANEL / 2), self.1);
        }
    }

    #[inline(always)]
    fn splat(number: f32) -> Self {
        let lanes = unsafe { _mm256_set1_ps(number) };
        Self(lanes, lanes)
    }

    #[inline(always)]
    fn multiply(self, factor: Self) -> Self {
        unsafe { Self(_mm256_mul_ps(self.0, factor.0), _mm256_mul_ps(self.1, factor.1)) }
    }

    #[inline(always)]
    fn multiply_add(self, factor: Self, sum: Self) -> Self {
        unsafe { Self(_mm256_fmadd_ps(self.0, factor.0, sum.0), _mm256_fmadd_ps(self.1, factor.1, sum.1)) }
    }
}

/// One register of AVX-512.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Avx512Lanes(__m512);

#[cfg(target_arch = "x86_64")]
impl Avx512Lanes {
    #[inline(always)]
    pub(super) fn from_register(lanes: __m512) -> Self {
        Self(lanes)
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "only the AVX-512 copy of a kernel names this type; lines are arrays of the right length"
)]
impl Lanes for Avx512Lanes {
    #[inline(always)]
    fn load(line: &[f32; PANEL]) -> Self {
        unsafe { Self(_mm512_loadu_ps(line.as_ptr())) }
    }

    #[inline(always)]
    fn load_f16(line: &[f16; PANEL]) -> Self {
        unsafe { Self(_mm512_cvtph_ps(_mm256_loadu_si256(line.as_ptr().cast()))) }
    }

    #[inline(always)]
    fn store(self, line: &mut [f32; PANEL]) {
        unsafe { _mm512_storeu_ps(line.as_mut_ptr(), self.0) }
    }

    #[inline(always)]
    fn splat(number: f32) -> Self {
        unsafe { Self(_mm512_set1_ps(number)) }
    }

    #[inline(always)]
    fn multiply(self, factor: Self) -> Self {
        unsafe { Self(_mm512_mul_ps(self.0, factor.0)) }
    }

    #[inline(always)]
    fn multiply_add(self, factor: Self, sum: Self) -> Self {
        unsafe { Self(_mm512_fmadd_ps(self.0, factor.0, sum.0)) }
    }
}
