//! Writes small PDFs for the tests, byte by byte, so that each test says what its page holds.

use std::fmt::Write as _;

/// A PDF under construction. Objects are numbered from 1; 1 is the catalog, 2 the page tree.
pub(crate) struct PdfWriter {
    objects: Vec<String>,
    pages: Vec<usize>,
}

impl PdfWriter {
    pub(crate) fn new() -> Self {
        Self { objects: vec![String::new(); 2], pages: Vec::new() }
    }

    /// Adds an object and returns its number.
    pub(crate) fn object(&mut self, body: impl Into<String>) -> usize {
        self.objects.push(body.into());
        self.objects.len()
    }

    /// Adds a stream and returns its number. `entries` is what its dictionary has besides the length.
    pub(crate) fn stream(&mut self, entries: &str, data: &str) -> usize {
        self.object(format!("<< {entries} /Length {} >>\nstream\n{data}\nendstream", data.len()))
    }

    /// Adds a page with Helvetica as `/F`. `entries` is what its dictionary has besides.
    pub(crate) fn page(&mut self, entries: &str, resources: &str, content: &str) -> &mut Self {
        let content = self.stream("", content);
        let page = self.object(format!(
            "<< /Type /Page /Parent 2 0 R /Contents {content} 0 R {entries} /Resources << {resources} \
             /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> \
             /B << /Type /Font /Subtype /Type1 /BaseFont /Courier-BoldOblique >> >> >> >>"
        ));
        self.pages.push(page);
        self
    }

    /// The finished file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let kids = self.pages.iter().fold(String::new(), |mut kids, page| {
            write!(kids, "{page} 0 R ").unwrap();
            kids
        });
        let mut objects = self.objects.clone();
        objects.push("<< /Title ( A title ) >>".into());
        objects[0] = "<< /Type /Catalog /Pages 2 0 R >>".into();
        objects[1] = format!("<< /Type /Pages /Kids [{kids}] /Count {} >>", self.pages.len());
        let mut file = String::from("%PDF-1.7\n");
        let mut offsets = Vec::new();
        for (index, body) in objects.iter().enumerate() {
            offsets.push(file.len());
            write!(file, "{} 0 obj\n{body}\nendobj\n", index + 1).unwrap();
        }
        let start = file.len();
        write!(file, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).unwrap();
        for offset in offsets {
            writeln!(file, "{offset:010} 00000 n ").unwrap();
        }
        let (size, info) = (objects.len() + 1, objects.len());
        write!(file, "trailer << /Size {size} /Root 1 0 R /Info {info} 0 R >>\nstartxref\n{start}\n%%EOF\n")
            .unwrap();
        file.into_bytes()
    }
}
