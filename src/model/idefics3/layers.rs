//! The small layers that both towers are made of.

use candle_core::{D, DType, Result, Storage, Tensor};

use super::checkpoint::TensorSource;
use crate::model::error::Error;

/// `x · weightᵀ (+ bias)`.
#[derive(Debug)]
pub(super) struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// With a bias when the checkpoint has one under this name.
    pub(super) fn load(source: &TensorSource<'_>) -> std::result::Result<Self, Error> {
        let bias = source.has("bias").then(|| source.get("bias")).transpose()?;
        Ok(Self { weight: source.get("weight")?, bias })
    }

    pub(super) fn with_bias(weight: Tensor, bias: Tensor) -> Self {
        Self { weight, bias: Some(bias) }
    }

    pub(super) fn without_bias(weight: Tensor) -> Self {
        Self { weight, bias: None }
    }

    /// `(rows, inputs)` → `(rows, outputs)`.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let product = x.matmul(&self.weight.t()?)?;
        match &self.bias {
            Some(bias) => product.broadcast_add(bias),
            None => Ok(product),
        }
    }
}

/// Normalises each row by mean and variance.
#[derive(Debug)]
pub(super) struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    eps: f64,
}

impl LayerNorm {
    pub(super) fn load(eps: f64, source: &TensorSource<'_>) -> std::result::Result<Self, Error> {
        Ok(Self { weight: source.get("weight")?, bias: source.get("bias")?, eps })
    }

    /// `(rows, hidden)` → the same.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        candle_nn::ops::layer_norm(&x.contiguous()?, &self.weight, &self.bias, to_f32(self.eps))
    }
}

/// Normalises each row by its mean square, with statistics in f32.
#[derive(Debug)]
pub(super) struct RmsNorm {
    weight: Tensor,
    eps: f64,
}

impl RmsNorm {
    pub(super) fn load(eps: f64, source: &TensorSource<'_>) -> std::result::Result<Self, Error> {
        Ok(Self { weight: source.get("weight")?, eps })
    }

    /// `(rows, hidden)` → the same.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        candle_nn::ops::rms_norm(&x.contiguous()?, &self.weight, to_f32(self.eps))
    }
}

/// Softmax over the last dimension, in f32 whatever the tensor's own format.
pub(super) fn softmax(scores: &Tensor) -> Result<Tensor> {
    let exact = scores.to_dtype(DType::F32)?.contiguous()?;
    candle_nn::ops::softmax_last_dim(&exact)?.to_dtype(scores.dtype())
}

/// `(rows, heads · head_dim)` → `(heads, rows, head_dim)`, contiguous.
pub(super) fn split_heads(x: &Tensor, num_heads: usize) -> Result<Tensor> {
    let (rows, width) = x.dims2()?;
    x.reshape((rows, num_heads, width / num_heads))?.transpose(0, 1)?.contiguous()
}

/// `(heads, rows, head_dim)` → `(rows, heads · head_dim)`.
pub(super) fn merge_heads(x: &Tensor) -> Result<Tensor> {
    x.transpose(0, 1)?.contiguous()?.flatten_from(D::Minus2)
}

/// Runs one of our own layers: the tensor's numbers in, as many out. Only for f32 on the CPU.
pub(super) fn on_numbers(x: &Tensor, layer: impl FnOnce(&[f32]) -> Vec<f32> + Send) -> Result<Tensor> {
    let x = x.contiguous()?;
    let (storage, layout) = x.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else { candle_core::bail!("our own kernels run on the CPU") };
    let from = layout.start_offset();
    let numbers = storage.as_slice::<f32>()?.get(from..from + layout.shape().elem_count());
    let numbers = numbers.ok_or_else(|| candle_core::Error::msg("a tensor ends before its shape does"))?;
    Tensor::from_vec(on_pool(|| layer(numbers)), x.shape(), x.device())
}

/// Runs work on a thread of the pool. Each parallel loop that is begun on a thread outside would put that
/// thread to sleep and wake another, twice; a token has hundreds of them.
pub(super) fn on_pool<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    rayon::scope(|_scope| work())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the kernels take f32; 1e-5 and 1e-6 have near neighbours"
)]
pub(super) fn to_f32(eps: f64) -> f32 {
    eps as f32
}
