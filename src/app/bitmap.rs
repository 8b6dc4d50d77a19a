//! An image from the clipboard as a file that the `document` room can open: an uncompressed BMP.
//!
//! Source: the `BITMAPINFOHEADER` layout of the Windows GDI documentation. Written by hand because
//! the interface decodes and encodes no images; 24 bits a pixel, rows from the bottom, each row
//! filled up to four bytes.

use std::sync::Arc;

use egui::ColorImage;

const HEADERS_BYTES: usize = 14 + 40;

/// The image over white, as a BMP file.
pub(crate) fn bmp_bytes(image: &ColorImage) -> Arc<[u8]> {
    let [width, height] = image.size;
    let row_bytes = (3 * width).next_multiple_of(4);
    let pixel_bytes = row_bytes * height;
    let mut file = Vec::with_capacity(HEADERS_BYTES + pixel_bytes);
    file.extend(b"BM");
    file.extend(number(HEADERS_BYTES + pixel_bytes));
    file.extend(number(0));
    file.extend(number(HEADERS_BYTES));
    file.extend(number(40));
    file.extend(number(width));
    file.extend(number(height));
    file.extend([1, 0, 24, 0]);
    file.extend(number(0));
    file.extend(number(pixel_bytes));
    // 144 pixels an inch, which is 5669 a metre: a screenshot is larger than paper at 72.
    file.extend(number(5669));
    file.extend(number(5669));
    file.extend(number(0));
    file.extend(number(0));
    for row in image.pixels.chunks(width.max(1)).rev() {
        let start = file.len();
        for pixel in row {
            let [red, green, blue, alpha] = pixel.to_array();
            let white = 255 - alpha;
            file.extend([blue, green, red].map(|value| value.saturating_add(white)));
        }
        file.resize(start + row_bytes, 0);
    }
    file.into()
}

/// Four bytes, little end first. Sizes beyond 4 GiB do not come from a clipboard.
fn number(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_image_is_read_back_pixel_for_pixel() {
        let pixels = [
            [255, 0, 0, 255],
            [0, 255, 0, 255],
            [0, 0, 255, 255],
            [0, 0, 0, 0],
            [9, 9, 9, 255],
            [1, 2, 3, 255],
        ];
        let rgba: Vec<u8> = pixels.concat();
        let bytes = bmp_bytes(&ColorImage::from_rgba_unmultiplied([3, 2], &rgba));
        let decoded = image::load_from_memory_with_format(&bytes, image::ImageFormat::Bmp).unwrap().to_rgb8();
        assert_eq!(decoded.dimensions(), (3, 2));
        let expected: Vec<u8> =
            [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [9, 9, 9], [1, 2, 3]].concat();
        assert_eq!(decoded.into_raw(), expected);
    }
}
