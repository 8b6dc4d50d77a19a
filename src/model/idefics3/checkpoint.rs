//! The names and shapes of a checkpoint's tensors, and the walk along the names.

use std::cell::Cell;
use std::fmt::Display;

use candle_core::{DType, Device, Tensor};

use crate::model::config::Config;
use crate::model::device::ComputeTarget;
use crate::model::error::Error;
use crate::model::kernels::isa::Isa;
use crate::model::load_options::Quantization;
use crate::model::native::linear::{Form, Linear as PackedLinear, Numbers};
use crate::model::weights::Weights;

/// The output projection; a checkpoint without it uses the embedding table instead.
pub(super) const LM_HEAD: &str = "lm_head.weight";

/// Every tensor that a checkpoint of this shape has. The output projection counts where it is
/// stored: without it the embedding table takes its place, whatever the configuration says.
pub(crate) fn tensor_shapes(config: &Config, weights: &Weights) -> Vec<(String, Vec<usize>)> {
    let (vision, text) = (&config.vision, &config.text);
    let (wide, narrow) = (vision.hidden_size, text.hidden_size);
    let mut shapes = Vec::new();
    let mut add = |name: String, shape: &[usize]| shapes.push((name, shape.to_vec()));

    let root = "model.vision_model";
    let patch = vision.patch_size;
    add(format!("{root}.embeddings.patch_embedding.weight"), &[wide, 3, patch, patch]);
    add(format!("{root}.embeddings.patch_embedding.bias"), &[wide]);
    let positions = vision.patches_per_side().pow(2);
    add(format!("{root}.embeddings.position_embedding.weight"), &[positions, wide]);
    for idx in 0..vision.num_hidden_layers {
        let layer = format!("{root}.encoder.layers.{idx}");
        for (name, outputs, inputs) in [
            ("self_attn.q_proj", wide, wide),
            ("self_attn.k_proj", wide, wide),
            ("self_attn.v_proj", wide, wide),
            ("self_attn.out_proj", wide, wide),
            ("mlp.fc1", vision.intermediate_size, wide),
            ("mlp.fc2", wide, vision.intermediate_size),
        ] {
            add(format!("{layer}.{name}.weight"), &[outputs, inputs]);
            add(format!("{layer}.{name}.bias"), &[outputs]);
        }
        for name in ["layer_norm1", "layer_norm2"] {
            add(format!("{layer}.{name}.weight"), &[wide]);
            add(format!("{layer}.{name}.bias"), &[wide]);
        }
    }
    add(format!("{root}.post_layernorm.weight"), &[wide]);
    add(format!("{root}.post_layernorm.bias"), &[wide]);
    let shuffled = wide * config.scale_factor.pow(2);
    add("model.connector.modality_projection.proj.weight".to_owned(), &[narrow, shuffled]);

    let root = "model.text_model";
    let queries = text.num_attention_heads * text.head_dim;
    let keys = text.num_key_value_heads * text.head_dim;
    add(format!("{root}.embed_tokens.weight"), &[text.vocab_size, narrow]);
    for idx in 0..text.num_hidden_layers {
        let layer = format!("{root}.layers.{idx}");
        for (name, outputs, inputs) in [
            ("self_attn.q_proj", queries, narrow),
            ("self_attn.k_proj", keys, narrow),
            ("self_attn.v_proj", keys, narrow),
            ("self_attn.o_proj", narrow, queries),
            ("mlp.gate_proj", text.intermediate_size, narrow),
            ("mlp.up_proj", text.intermediate_size, narrow),
            ("mlp.down_proj", narrow, text.intermediate_size),
        ] {
            add(format!("{layer}.{name}.weight"), &[outputs, inputs]);
        }
        add(format!("{layer}.input_layernorm.weight"), &[narrow]);
        add(format!("{layer}.post_attention_layernorm.weight"), &[narrow]);
    }
    add(format!("{root}.norm.weight"), &[narrow]);
    if weights.contains(LM_HEAD) {
        add(LM_HEAD.to_owned(), &[text.vocab_size, narrow]);
    }
    shapes
}

/// A place in the tree of tensor names, from which a layer takes its weights.
pub(crate) struct TensorSource<'w> {
    root: &'w Root<'w>,
    prefix: String,
}

/// What all places share.
pub(crate) struct Root<'w> {
    weights: &'w Weights,
    device: &'w Device,
    dtype: DType,
    /// Layers run on our own kernels with this instruction set; else through candle.
    kernels: Option<Isa>,
    quantization: Quantization,
    /// Told the bytes of each tensor once it is in.
    on_bytes: &'w dyn Fn(u64),
    device_bytes: Cell<u64>,
}

impl<'w> Root<'w> {
    pub(crate) fn new(
        weights: &'w Weights,
        target: &'w ComputeTarget,
        kernels: Option<Isa>,
        quantization: Quantization,
        on_bytes: &'w dyn Fn(u64),
    ) -> Self {
        let ComputeTarget { device, dtype, .. } = target;
        Self { weights, device, dtype: *dtype, kernels, quantization, on_bytes, device_bytes: Cell::new(0) }
    }

    pub(crate) fn source(&'w self) -> TensorSource<'w> {
        TensorSource { root: self, prefix: String::new() }
    }

    /// Memory of all tensors handed out so far.
    pub(crate) fn device_bytes(&self) -> u64 {
        self.device_bytes.get()
    }
}

impl TensorSource<'_> {
    /// One step down the tree.
    pub(crate) fn pp(&self, name: impl Display) -> Self {
        Self { root: self.root, prefix: format!("{}{name}.", self.prefix) }
    }

    /// The tensor of this name, in the number format of the computation.
    pub(super) fn get(&self, name: &str) -> Result<Tensor, Error> {
        self.load(name, Some(self.root.dtype))
    }

    /// The tensor of this name, in the number format it is stored in.
    pub(super) fn get_as_stored(&self, name: &str) -> Result<Tensor, Error> {
        self.load(name, None)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.root.weights.contains(&format!("{}{name}", self.prefix))
    }

    pub(super) fn device(&self) -> &Device {
        self.root.device
    }

    pub(super) fn dtype(&self) -> DType {
        self.root.dtype
    }

    /// Layers run on our own kernels with this instruction set; else through candle.
    pub(super) fn kernels(&self) -> Option<Isa> {
        self.root.kernels
    }

    /// Which weights are held in fewer bits than they are stored in.
    pub(super) fn quantization(&self) -> Quantization {
        self.root.quantization
    }

    /// The numbers of the tensor of this name, widened, for our own kernels.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<f32>, Error> {
        let numbers = self.stored_numbers(name)?.to_f32();
        self.add_device_bytes(size_of_val(numbers.as_slice()) as u64);
        Ok(numbers)
    }

    /// The matrices of these names, one below the other and packed, for our own kernels.
    pub(super) fn packed(&self, num_in: usize, names: &[&str], form: Form) -> Result<PackedLinear, Error> {
        let matrices = names.iter().map(|name| self.stored_numbers(&format!("{name}weight")));
        let packed = PackedLinear::new(num_in, &matrices.collect::<Result<Vec<_>, _>>()?, form);
        self.add_device_bytes(packed.size_bytes());
        Ok(packed)
    }

    /// The same of a tensor that has been handed out in another form: it is not told twice.
    pub(super) fn packed_again(&self, num_in: usize, form: Form) -> Result<PackedLinear, Error> {
        let numbers = self.root.weights.numbers(&format!("{}weight", self.prefix))?;
        let packed = PackedLinear::new(num_in, &[numbers], form);
        self.add_device_bytes(packed.size_bytes());
        Ok(packed)
    }

    fn stored_numbers(&self, name: &str) -> Result<Numbers, Error> {
        let name = format!("{}{name}", self.prefix);
        (self.root.on_bytes)(self.root.weights.stored_bytes(&name));
        self.root.weights.numbers(&name)
    }

    fn add_device_bytes(&self, bytes: u64) {
        self.root.device_bytes.set(self.root.device_bytes.get() + bytes);
    }

    fn load(&self, name: &str, dtype: Option<DType>) -> Result<Tensor, Error> {
        let name = format!("{}{name}", self.prefix);
        let tensor = self.root.weights.load(&name, dtype, self.root.device)?;
        self.add_device_bytes((tensor.elem_count() * tensor.dtype().size_in_bytes()) as u64);
        (self.root.on_bytes)(self.root.weights.stored_bytes(&name));
        Ok(tensor)
    }
}
