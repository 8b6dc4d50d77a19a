//! Cuts a page image into the tiles that the vision encoder sees.
//!
//! An RGB image comes in; 8-bit tiles in prompt order go out (row by row, the global view last),
//! and their normalised pixels on demand. The page is scaled to the longest edge, stretched to
//! whole tiles, cut, and scaled once more as a whole for the global view: three resizes with 8-bit
//! results in between. Source: `models/idefics3/image_processing_pil_idefics3.py` of `transformers`
//! 5.17. Not here: padding of batches, since every image has just its own tiles.

use std::path::Path;

use image::RgbImage;
use image::imageops::crop_imm;
use serde::Deserialize;
use serde_json::Value;

use super::config::limits;
use super::error::Error;
use super::files::read_json_if_present;
use super::resample::resize_lanczos;

/// Longest edge after any resize; `MAX_IMAGE_SIZE` of the reference.
const MAX_IMAGE_SIZE_PX: u32 = 4096;
/// Pillow's number for LANCZOS.
const LANCZOS: u64 = 1;

/// What `preprocessor_config.json` asks for.
#[derive(Clone, Debug)]
pub(crate) struct ImageProcessor {
    longest_edge: u32,
    tile_size: u32,
    does_split: bool,
    /// Normalised value of each 8-bit value, for each channel.
    normalized: Box<[[f32; 256]; 3]>,
}

/// How one image is scaled and cut. All sizes are width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TilePlan {
    /// Of the image as it came.
    pub input_px: (u32, u32),
    /// After scaling to the longest edge.
    pub resized_px: (u32, u32),
    /// After stretching to whole tiles.
    pub stretched_px: (u32, u32),
    /// Rows of tiles; 0 when there is only the global view.
    pub rows: u32,
    /// Columns of tiles; 0 when there is only the global view.
    pub cols: u32,
}

/// The tiles of one image.
#[derive(Clone, Debug)]
pub(crate) struct Tiles {
    pub(crate) plan: TilePlan,
    /// In prompt order, each a square of the tile size.
    pub(crate) images: Vec<RgbImage>,
}

#[derive(Deserialize)]
struct RawPreprocessor {
    size: Option<RawEdge>,
    max_image_size: Option<RawEdge>,
    do_image_splitting: Option<bool>,
    do_resize: Option<bool>,
    do_rescale: Option<bool>,
    do_normalize: Option<bool>,
    rescale_factor: Option<f64>,
    image_mean: Option<[f32; 3]>,
    image_std: Option<[f32; 3]>,
    resample: Option<Value>,
}

#[derive(Deserialize)]
struct RawEdge {
    longest_edge: Option<u32>,
}

#[derive(Deserialize)]
struct RawProcessor {
    image_processor: Option<RawPreprocessor>,
    image_seq_len: Option<usize>,
}

impl TilePlan {
    /// Tiles that the image is cut into, the global view included.
    pub fn num_tiles(&self) -> usize {
        self.rows as usize * self.cols as usize + 1
    }
}

impl ImageProcessor {
    /// Reads `preprocessor_config.json`, or the `image_processor` section of
    /// `processor_config.json` where newer releases keep it.
    ///
    /// # Errors
    /// When neither is there, or when they ask for something that is not done here.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let file = folder.join("preprocessor_config.json");
        if let Some(raw) = read_json_if_present(&file)? {
            return Self::from_raw(&file, &raw);
        }
        let processor = folder.join("processor_config.json");
        let nested: Option<RawProcessor> = read_json_if_present(&processor)?;
        let raw = nested
            .and_then(|nested| nested.image_processor)
            .ok_or(Error::MissingFile { what: "the image processor's configuration", file })?;
        Self::from_raw(&processor, &raw)
    }

    /// The number of image tokens of a tile that `processor_config.json` states, if it does.
    ///
    /// # Errors
    /// When the file is there but not what it should be.
    pub(crate) fn read_image_seq_len(folder: &Path) -> Result<Option<usize>, Error> {
        let raw: Option<RawProcessor> = read_json_if_present(&folder.join("processor_config.json"))?;
        Ok(raw.and_then(|raw| raw.image_seq_len))
    }

    fn from_raw(file: &Path, raw: &RawPreprocessor) -> Result<Self, Error> {
        let edge = |key: &str, edge: Option<&RawEdge>, default: u32, limit: u32| {
            let value = edge.and_then(|edge| edge.longest_edge).unwrap_or(default);
            let is_fine = (1..=limit).contains(&value);
            is_fine.then_some(value).ok_or_else(|| Error::InvalidSetting {
                file: file.to_owned(),
                key: format!("{key}.longest_edge"),
                value: value.to_string(),
                expected: format!("it has to be from 1 to {limit}"),
            })
        };
        let unsupported = |key: &str, value: String, supported| Error::UnsupportedSetting {
            file: file.to_owned(),
            key: key.to_owned(),
            value,
            supported,
        };
        if raw.do_resize == Some(false) {
            return Err(unsupported("do_resize", "false".into(), "true"));
        }
        if let Some(other) = raw.resample.as_ref().filter(|value| value.as_u64() != Some(LANCZOS)) {
            return Err(unsupported("resample", other.to_string(), "1 (LANCZOS)"));
        }
        let rescale = raw.do_rescale.unwrap_or(true).then(|| raw.rescale_factor.unwrap_or(1.0 / 255.0));
        let half = [0.5; 3];
        let moments = (raw.image_mean.unwrap_or(half), raw.image_std.unwrap_or(half));
        // Defaults of the reference class; published checkpoints state both edges.
        let limit = u32::try_from(limits::IMAGE_SIZE_PX).unwrap_or(u32::MAX);
        let tile_size = edge("max_image_size", raw.max_image_size.as_ref(), 364, limit)?;
        let longest_limit = MAX_IMAGE_SIZE_PX.min(tile_size * limits::TILES_ON_A_SIDE);
        Ok(Self {
            longest_edge: edge("size", raw.size.as_ref(), 4 * 364, longest_limit)?,
            tile_size,
            does_split: raw.do_image_splitting.unwrap_or(true),
            normalized: normalization(rescale, raw.do_normalize.unwrap_or(true).then_some(moments)),
        })
    }

    /// Side of a tile in pixels.
    pub(crate) fn tile_size(&self) -> u32 {
        self.tile_size
    }

    /// Scales and cuts an image. `splits` and `longest_edge` override the checkpoint's settings.
    ///
    /// # Errors
    /// When the image has no pixels.
    pub(crate) fn cut(
        &self,
        image: &RgbImage,
        splits: Option<bool>,
        longest_edge: Option<u32>,
    ) -> Result<Tiles, Error> {
        let (width, height) = image.dimensions();
        if width == 0 || height == 0 {
            return Err(Error::EmptyImage { width, height });
        }
        let longest = longest_edge.unwrap_or(self.longest_edge).clamp(1, MAX_IMAGE_SIZE_PX);
        let tile = self.tile_size;
        let plan = plan((width, height), longest, tile, splits.unwrap_or(self.does_split));
        let resized = resize_lanczos(image, plan.resized_px.0, plan.resized_px.1);
        let stretched = resize_lanczos(&resized, plan.stretched_px.0, plan.stretched_px.1);
        drop(resized);
        let mut images: Vec<RgbImage> = (0..plan.rows)
            .flat_map(|row| (0..plan.cols).map(move |col| (row, col)))
            .map(|(row, col)| crop_imm(&stretched, col * tile, row * tile, tile, tile).to_image())
            .collect();
        images.push(resize_lanczos(&stretched, tile, tile));
        Ok(Tiles { plan, images })
    }

    /// A tile's pixels as the vision encoder takes them: channel by channel, row by row.
    pub(crate) fn pixel_values(&self, tile: &RgbImage) -> Vec<f32> {
        let pixels = tile.as_raw().as_chunks::<3>().0;
        self.normalized
            .iter()
            .enumerate()
            .flat_map(|(channel, table)| {
                pixels.iter().map(move |pixel| {
                    let value = pixel.get(channel).copied().unwrap_or_default();
                    table.get(usize::from(value)).copied().unwrap_or_default()
                })
            })
            .collect()
    }
}

/// `(f32(f64(value) · factor) − mean) / std`, with the steps that are switched off left out.
fn normalization(rescale: Option<f64>, moments: Option<([f32; 3], [f32; 3])>) -> Box<[[f32; 256]; 3]> {
    let mut table = Box::new([[0.0; 256]; 3]);
    for (channel, row) in table.iter_mut().enumerate() {
        for (level, entry) in (0_u8..=u8::MAX).zip(row.iter_mut()) {
            let value = rescale.map_or_else(|| f32::from(level), |factor| to_f32(f64::from(level) * factor));
            let normalized = moments.and_then(|(mean, std)| {
                Some((value - mean.get(channel).copied()?) / std.get(channel).copied()?)
            });
            *entry = normalized.unwrap_or(value);
        }
    }
    table
}

#[expect(clippy::cast_possible_truncation, reason = "the reference rounds to f32 here")]
fn to_f32(value: f64) -> f32 {
    value as f32
}

/// The sizes of all steps.
fn plan(input_px: (u32, u32), longest: u32, tile: u32, splits: bool) -> TilePlan {
    let resized_px = limit_edge(scale_to_edge(input_px, longest), MAX_IMAGE_SIZE_PX);
    if !splits {
        return TilePlan { input_px, resized_px, stretched_px: (tile, tile), rows: 0, cols: 0 };
    }
    let stretched_px = stretch_to_tiles(resized_px, tile);
    let (width, height) = stretched_px;
    let (rows, cols) = if width > tile || height > tile { (height / tile, width / tile) } else { (0, 0) };
    TilePlan { input_px, resized_px, stretched_px, rows, cols }
}

/// The longer edge becomes `longest`, the shorter follows and is made even.
fn scale_to_edge((width, height): (u32, u32), longest: u32) -> (u32, u32) {
    let ratio = f64::from(width) / f64::from(height);
    let made_even = |edge: u32| (edge + edge % 2).max(1);
    if width >= height {
        (longest, made_even(trunc(f64::from(longest) / ratio)))
    } else {
        (made_even(trunc(f64::from(longest) * ratio)), longest)
    }
}

fn limit_edge((width, height): (u32, u32), limit: u32) -> (u32, u32) {
    let ratio = f64::from(width) / f64::from(height);
    if width >= height && width > limit {
        (limit, trunc(f64::from(limit) / ratio).max(1))
    } else if height > width && height > limit {
        (trunc(f64::from(limit) * ratio).max(1), limit)
    } else {
        (width, height)
    }
}

/// Both edges become whole numbers of tiles; the ratio of the edges is not kept.
fn stretch_to_tiles((width, height): (u32, u32), tile: u32) -> (u32, u32) {
    let ratio = f64::from(width) / f64::from(height);
    let whole_tiles = |edge: u32| edge.max(1).div_ceil(tile) * tile;
    if width >= height {
        let width = whole_tiles(width);
        (width, whole_tiles(trunc(f64::from(width) / ratio)))
    } else {
        let height = whole_tiles(height);
        (whole_tiles(trunc(f64::from(height) * ratio)), height)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "edges are positive and far below the limit of u32; the reference truncates"
)]
fn trunc(edge: f64) -> u32 {
    edge as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `expected`: resized, stretched, rows and columns, from the table in the reference notes.
    fn check_plan(input: (u32, u32), splits: bool, expected: ((u32, u32), (u32, u32), u32, u32)) {
        let plan = plan(input, 2048, 512, splits);
        assert_eq!((plan.resized_px, plan.stretched_px, plan.rows, plan.cols), expected, "{input:?}");
    }

    #[test]
    fn pages_are_cut_as_the_reference_cuts_them() {
        check_plan((1224, 1584), true, ((1582, 2048), (2048, 2048), 4, 4));
        check_plan((1190, 1684), true, ((1448, 2048), (1536, 2048), 4, 3));
        check_plan((1684, 1190), true, ((2048, 1448), (2048, 1536), 3, 4));
        check_plan((1920, 1080), true, ((2048, 1152), (2048, 1536), 3, 4));
        check_plan((40, 30), true, ((2048, 1536), (2048, 1536), 3, 4));
        check_plan((1224, 1584), false, ((1582, 2048), (512, 512), 0, 0));
        check_plan((10_000, 1), true, ((2048, 1), (2048, 512), 1, 4));
        check_plan((1, 100_000), true, ((1, 2048), (512, 2048), 4, 1));
    }

    #[test]
    fn one_tile_is_not_split() {
        let plan = plan((300, 300), 512, 512, true);
        assert_eq!((plan.rows, plan.cols, plan.num_tiles()), (0, 0, 1));
    }

    #[test]
    fn normalised_values_run_from_minus_one_to_one() {
        let half = ([0.5; 3], [0.5; 3]);
        let table = normalization(Some(1.0 / 255.0), Some(half));
        assert_eq!((table[0][0], table[1][255]), (-1.0, 1.0));
        let exact: Vec<f32> = (0_u8..=255).map(|v| (f32::from(v) / 255.0 - 0.5) / 0.5).collect();
        assert_eq!(table[2].as_slice(), exact);
    }
}
