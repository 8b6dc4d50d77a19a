//! Image features of tiles that have been encoded, by their pixels.
//!
//! A tile's features depend on nothing but its pixels, so that blank margins are encoded once, and a page that is
//! read again, as a whole or with another instruction, is not encoded at all. Tiles in, features out; what was used
//! longest ago is forgotten. Not here: anything on disk.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use candle_core::Tensor;
use image::RgbImage;
use sha2::{Digest as _, Sha256};

/// A SmolDocling tile is 64 tokens of 576 numbers, 144 KiB in f32: room for thirty pages of the larger kind.
const BUDGET_BYTES: usize = 72 << 20;

/// Names a tile by its content. A digest, not a hash: two tiles must never be taken for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TileKey([u8; 32]);

impl TileKey {
    pub(crate) fn of(tile: &RgbImage) -> Self {
        let mut digest = Sha256::new();
        digest.update(tile.width().to_le_bytes());
        digest.update(tile.as_raw());
        Self(digest.finalize().into())
    }
}

/// What is remembered of a model's tiles.
#[derive(Debug, Default)]
pub(crate) struct TileMemory(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// What was used last comes last.
    features: VecDeque<(TileKey, Tensor)>,
    num_bytes: usize,
}

impl TileMemory {
    /// `(tokens, text hidden)`, when the tile was encoded before.
    pub(crate) fn find(&self, key: &TileKey) -> Option<Tensor> {
        let mut kept = self.kept();
        let position = kept.features.iter().position(|(known, _)| known == key)?;
        let found = kept.features.remove(position)?;
        let features = found.1.clone();
        kept.features.push_back(found);
        Some(features)
    }

    pub(crate) fn keep(&self, key: TileKey, features: Tensor) {
        let mut kept = self.kept();
        kept.num_bytes += num_bytes(&features);
        kept.features.push_back((key, features));
        while kept.num_bytes > BUDGET_BYTES
            && let Some((_, oldest)) = kept.features.pop_front()
        {
            kept.num_bytes -= num_bytes(&oldest);
        }
    }

    pub(crate) fn clear(&self) {
        *self.kept() = Kept::default();
    }

    /// Nothing is left half done under the lock.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn num_bytes(features: &Tensor) -> usize {
    features.elem_count() * features.dtype().size_in_bytes()
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use image::Rgb;

    use super::*;

    fn key(value: u8) -> TileKey {
        TileKey::of(&RgbImage::from_pixel(2, 2, Rgb([value; 3])))
    }

    #[test]
    fn what_was_used_longest_ago_is_forgotten() {
        let memory = TileMemory::default();
        let features = || Tensor::zeros(BUDGET_BYTES / 8, DType::F32, &Device::Cpu).unwrap();
        memory.keep(key(1), features());
        memory.keep(key(2), features());
        assert!(memory.find(&key(1)).is_some());
        memory.keep(key(3), features());
        assert!(memory.find(&key(2)).is_none() && memory.find(&key(1)).is_some());
        memory.clear();
        assert!(memory.find(&key(1)).is_none());
    }

    #[test]
    fn tiles_of_other_shapes_are_others() {
        let wide = RgbImage::from_pixel(4, 1, Rgb([1; 3]));
        assert_ne!(TileKey::of(&wide), key(1));
    }
}
