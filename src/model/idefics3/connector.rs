//! From the vision encoder to the decoder: several patches become one image token.

use candle_core::Tensor;

use super::checkpoint::TensorSource;
use super::layers::Linear;
use crate::model::error::Error;

/// `model.connector` of the checkpoint.
#[derive(Debug)]
pub(crate) struct Connector {
    scale_factor: usize,
    modality_projection: Linear,
}

impl Connector {
    pub(super) fn load(scale_factor: usize, source: &TensorSource<'_>) -> Result<Self, Error> {
        let modality_projection = Linear::load(&source.pp("modality_projection").pp("proj"))?;
        Ok(Self { scale_factor, modality_projection })
    }

    /// `(patches, vision hidden)` → `(patches / scale_factor², text hidden)`.
    pub(crate) fn forward(&self, features: &Tensor) -> candle_core::Result<Tensor> {
        self.modality_projection.forward(&pixel_shuffle(features, self.scale_factor)?)
    }
}

/// Rearranges each `scale_factor`² block of visual tokens into one wider token, row offset slow.
///
/// `(patches, hidden)` → `(patches / scale_factor², hidden · scale_factor²)`.
///
/// # Errors
/// If `patches` is not a square number whose side `scale_factor` divides.
fn pixel_shuffle(features: &Tensor, scale_factor: usize) -> candle_core::Result<Tensor> {
    let (patches, hidden) = features.dims2()?;
    let side = patches.isqrt();
    let blocks = side / scale_factor;
    features
        .reshape((blocks, scale_factor, blocks, scale_factor, hidden))?
        .permute((0, 2, 1, 3, 4))?
        .contiguous()?
        .reshape((blocks * blocks, hidden * scale_factor * scale_factor))
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn blocks_of_patches_become_one_token_row_by_row() {
        // A 4 × 4 grid of patches whose one feature is row · 10 + column.
        let grid: Vec<f32> = (0_u8..16).map(|i| f32::from(i / 4 * 10 + i % 4)).collect();
        let grid = Tensor::from_vec(grid, (16, 1), &Device::Cpu).unwrap();
        let shuffled = pixel_shuffle(&grid, 2).unwrap().to_vec2::<f32>().unwrap();
        let expected = [[0., 1., 10., 11.], [2., 3., 12., 13.], [20., 21., 30., 31.], [22., 23., 32., 33.]];
        assert_eq!(shuffled, expected);
        assert!(pixel_shuffle(&grid, 3).is_err());
    }
}
