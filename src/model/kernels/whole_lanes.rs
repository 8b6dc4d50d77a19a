//! A line of pairs of 16-bit numbers, or of their sums, in registers: what products in fixed point are made of.
//!
//! As in [`lanes`](super::lanes), the operations are spelled out on x86: compilers do not dependably find its
//! instruction that multiplies pairs and adds their products. All copies give the same numbers.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m256i, __m512i, _mm_loadu_si128, _mm256_add_epi32, _mm256_cvtepi8_epi16, _mm256_cvtepi32_ps,
    _mm256_loadu_si256, _mm256_madd_epi16, _mm256_set1_epi32, _mm512_cvtepi8_epi16, _mm512_cvtepi32_ps,
    _mm512_dpwssd_epi32, _mm512_loadu_si512, _mm512_set1_epi32,
};

#[cfg(target_arch = "x86_64")]
use super::lanes::{Avx2Lanes, Avx512Lanes};
use super::lanes::{Lanes, PlainLanes};
use super::packed::PANEL;

/// Two numbers of 16 bits, the first in the low half.
pub(crate) type Pair = i32;

/// The pair of two whole numbers; only their low 16 bits count.
#[inline(always)]
pub(super) fn pair(first: i32, second: i32) -> Pair {
    first & 0xffff | second << 16
}

/// A line of pairs, or of sums of 32 bits.
pub(crate) trait WholeLanes: Copy {
    /// The same for fractions.
    type Lanes: Lanes;

    /// From memory.
    fn load(line: &[Pair; PANEL]) -> Self;

    /// From pairs of 8 bits in memory.
    fn load_i8(line: &[[i8; 2]; PANEL]) -> Self;

    /// The same pair, or sum, in all lanes.
    fn splat(pair: Pair) -> Self;

    /// For sums: adds the product of the first and that of the second numbers of two lines of pairs.
    fn add_products(self, a: Self, b: Self) -> Self;

    /// For sums: the nearest f32.
    fn to_lanes(self) -> Self::Lanes;
}

/// Left to the compiler.
#[derive(Clone, Copy)]
pub(super) struct PlainWholeLanes([i32; PANEL]);

#[cfg(test)]
impl PlainWholeLanes {
    pub(super) fn lane(self, index: usize) -> i32 {
        self.0[index]
    }
}

impl WholeLanes for PlainWholeLanes {
    type Lanes = PlainLanes;

    #[inline(always)]
    fn load(line: &[Pair; PANEL]) -> Self {
        Self(*line)
    }

    #[inline(always)]
    fn load_i8(line: &[[i8; 2]; PANEL]) -> Self {
        Self(line.map(|[first, second]| pair(first.into(), second.into())))
    }

    #[inline(always)]
    fn splat(pair: Pair) -> Self {
        Self([pair; PANEL])
    }

    #[inline(always)]
    fn add_products(mut self, a: Self, b: Self) -> Self {
        for ((sum, a), b) in self.0.iter_mut().zip(a.0).zip(b.0) {
            let low = ((a << 16) >> 16) * ((b << 16) >> 16);
            *sum = sum.wrapping_add(low).wrapping_add((a >> 16) * (b >> 16));
        }
        self
    }

    #[inline(always)]
    fn to_lanes(self) -> PlainLanes {
        PlainLanes::load(&self.0.map(|sum| sum as f32))
    }
}

/// Two registers of AVX2.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Avx2WholeLanes(__m256i, __m256i);

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "only the AVX2 copy of a kernel names this type; lines are arrays of the right length"
)]
impl WholeLanes for Avx2WholeLanes {
    type Lanes = Avx2Lanes;

    #[inline(always)]
    fn load(line: &[Pair; PANEL]) -> Self {
        let from = line.as_ptr();
        let half = |at: usize| unsafe { _mm256_loadu_si256(from.add(at).cast()) };
        Self(half(0), half(PANEL / 2))
    }

    #[inline(always)]
    fn load_i8(line: &[[i8; 2]; PANEL]) -> Self {
        let from = line.as_ptr();
        let half = |at: usize| unsafe { _mm256_cvtepi8_epi16(_mm_loadu_si128(from.add(at).cast())) };
        Self(half(0), half(PANEL / 2))
    }

    #[inline(always)]
    fn splat(pair: Pair) -> Self {
        let lanes = unsafe { _mm256_set1_epi32(pair) };
        Self(lanes, lanes)
    }

    #[inline(always)]
    fn add_products(self, a: Self, b: Self) -> Self {
        unsafe {
            Self(
                _mm256_add_epi32(self.0, _mm256_madd_epi16(a.0, b.0)),
                _mm256_add_epi32(self.1, _mm256_madd_epi16(a.1, b.1)),
            )
        }
    }

    #[inline(always)]
    fn to_lanes(self) -> Avx2Lanes {
        unsafe { Avx2Lanes::from_registers(_mm256_cvtepi32_ps(self.0), _mm256_cvtepi32_ps(self.1)) }
    }
}

/// One register of AVX-512.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Avx512WholeLanes(__m512i);

#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    reason = "only the AVX-512 copy of a kernel names this type; lines are arrays of the right length"
)]
impl WholeLanes for Avx512WholeLanes {
    type Lanes = Avx512Lanes;

    #[inline(always)]
    fn load(line: &[Pair; PANEL]) -> Self {
        unsafe { Self(_mm512_loadu_si512(line.as_ptr().cast())) }
    }

    #[inline(always)]
    fn load_i8(line: &[[i8; 2]; PANEL]) -> Self {
        unsafe { Self(_mm512_cvtepi8_epi16(_mm256_loadu_si256(line.as_ptr().cast()))) }
    }

    #[inline(always)]
    fn splat(pair: Pair) -> Self {
        unsafe { Self(_mm512_set1_epi32(pair)) }
    }

    #[inline(always)]
    fn add_products(self, a: Self, b: Self) -> Self {
        unsafe { Self(_mm512_dpwssd_epi32(self.0, a.0, b.0)) }
    }

    #[inline(always)]
    fn to_lanes(self) -> Avx512Lanes {
        unsafe { Avx512Lanes::from_register(_mm512_cvtepi32_ps(self.0)) }
    }
}
