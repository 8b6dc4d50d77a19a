//! Tables as a workbook of Office Open XML: one sheet for each table, spans as merged cells, headers
//! bold and fixed, numbers as numbers where that loses nothing (`spreadsheet.rs`).
//!
//! The same tables give the same bytes: the workbook bears no time.

use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet,
};

use crate::markup::export::spreadsheet::{Number, NumberStyle};
use crate::markup::export::table::{is_header, num_header_rows, rows_of};
use crate::markup::export::{ExportOptions, join};
use crate::markup::table::{Cell, TableGrid};
use crate::markup::tree::{DocTree, NodeKind};

/// Most UTF-16 units in a cell, as Excel has it.
const MAX_CELL_UNITS: usize = 32_767;
/// Columns do not grow beyond this, in pixels; longer texts are wrapped.
const MAX_COLUMN_WIDTH_PX: u32 = 420;

/// Why there is no workbook.
#[derive(Debug, thiserror::Error)]
#[error("the tables do not fit a workbook")]
pub struct Error(#[from] rust_xlsxwriter::XlsxError);

/// All tables of the document in reading order, one sheet each: "Table 1", "Table 2". Charts are not
/// tables. `None` when there is no table that has cells.
///
/// # Errors
/// If a table has more rows or columns than a sheet can have (1 048 576 × 16 384).
pub fn xlsx(tree: &DocTree, options: &ExportOptions) -> Result<Option<Vec<u8>>, Error> {
    let joined = join::for_export(tree, options);
    let order = joined.tree.reading_order();
    let grids = order.into_iter().filter_map(|id| match &joined.tree.node(id).kind {
        NodeKind::Table { grid, .. } => Some(grid),
        _ => None,
    });
    workbook(grids)
}

/// One table. `None` when it has no cells.
///
/// # Errors
/// As [`xlsx`].
pub fn xlsx_of_table(grid: &TableGrid) -> Result<Option<Vec<u8>>, Error> {
    workbook(std::iter::once(grid))
}

fn workbook<'g>(grids: impl Iterator<Item = &'g TableGrid>) -> Result<Option<Vec<u8>>, Error> {
    let mut workbook = Workbook::new();
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
    let mut num_sheets = 0;
    for grid in grids.filter(|grid| !grid.cells.is_empty()) {
        num_sheets += 1;
        write_table(workbook.add_worksheet().set_name(format!("Table {num_sheets}"))?, grid)?;
    }
    if num_sheets == 0 { Ok(None) } else { Ok(Some(workbook.save_to_buffer()?)) }
}

fn write_table(sheet: &mut Worksheet, grid: &TableGrid) -> Result<(), Error> {
    let slots = grid.slots();
    let style = NumberStyle::of(grid);
    for (index, cell) in grid.cells.iter().enumerate() {
        // Spans of bad markup overlap: then a cell has fewer slots than it claims, or none.
        let owned =
            |row: usize, col: usize| slots.get(row).and_then(|row| row.get(col)) == Some(&Some(index));
        let rows = cell.row..(cell.row + cell.row_span).min(grid.num_rows);
        let cols = cell.col..(cell.col + cell.col_span).min(grid.num_cols);
        let mut places = rows.clone().flat_map(|row| cols.clone().map(move |col| (row, col)));
        let is_whole = places.clone().all(|(row, col)| owned(row, col));
        let Some((row, col)) = places.find(|(row, col)| owned(*row, *col)) else { continue };
        let (first_row, first_col) = (row_number(row)?, col_number(col)?);
        let number = style.number(&cell.text);
        let format = format_of(cell, number.as_ref());
        if is_whole && rows.len() * cols.len() > 1 {
            let (last_row, last_col) = (row_number(rows.end - 1)?, col_number(cols.end - 1)?);
            sheet.merge_range(first_row, first_col, last_row, last_col, "", &format)?;
        }
        match number {
            Some(Number { value, .. }) => {
                sheet.write_number_with_format(first_row, first_col, value, &format)?
            }
            None => sheet.write_string_with_format(first_row, first_col, fitting(&cell.text), &format)?,
        };
    }
    let num_headers = num_header_rows(&rows_of(grid));
    if num_headers < grid.num_rows && grid.cells.iter().any(is_header) {
        sheet.set_freeze_panes(row_number(num_headers)?, 0)?;
    }
    sheet.set_autofit_max_width(MAX_COLUMN_WIDTH_PX);
    sheet.autofit();
    Ok(())
}

fn format_of(cell: &Cell, number: Option<&Number>) -> Format {
    // "@" keeps a text a text when its cell is edited.
    let format = Format::new().set_num_format(number.map_or("@", |number| number.format.as_str()));
    let format = format.set_align(FormatAlign::Top).set_text_wrap();
    if is_header(cell) {
        let fill = Color::RGB(0x00F2_F2F2);
        format.set_bold().set_background_color(fill).set_border_bottom(FormatBorder::Thin)
    } else {
        format
    }
}

/// What a cell can hold; the end of a longer text is cut off and says so.
fn fitting(text: &str) -> String {
    if text.encode_utf16().count() <= MAX_CELL_UNITS {
        return text.to_owned();
    }
    let mut num_units = 1;
    let fits = |c: &char| {
        num_units += c.len_utf16();
        num_units <= MAX_CELL_UNITS
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

fn row_number(row: usize) -> Result<u32, Error> {
    u32::try_from(row).map_err(|_beyond_any_sheet| Error(rust_xlsxwriter::XlsxError::RowColumnLimitError))
}

fn col_number(col: usize) -> Result<u16, Error> {
    u16::try_from(col).map_err(|_beyond_any_sheet| Error(rust_xlsxwriter::XlsxError::RowColumnLimitError))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::parse;

    fn grid(markup: &str) -> TableGrid {
        let tree = parse(markup);
        let NodeKind::Table { grid, .. } = &tree.nodes().next().unwrap().1.kind else { panic!("a table") };
        grid.clone()
    }

    #[test]
    fn the_same_tables_give_the_same_bytes() {
        let grid = grid("<otsl><ched>a<lcel><nl><fcel>1.5<ucel><nl></otsl>");
        let bytes = xlsx_of_table(&grid).unwrap().unwrap();
        assert!(bytes.starts_with(b"PK\x03\x04"));
        assert_eq!(xlsx_of_table(&grid).unwrap().unwrap(), bytes);
    }

    #[test]
    fn without_cells_there_is_no_workbook() {
        assert!(xlsx_of_table(&TableGrid::default()).unwrap().is_none());
        assert!(xlsx(&parse("<text>no table</text>"), &ExportOptions::default()).unwrap().is_none());
    }

    #[test]
    fn overlapping_spans_of_bad_markup_are_written_without_an_error() {
        let mut grid = grid("<otsl><fcel>a<fcel>b<nl><fcel>c<fcel>d<nl></otsl>");
        for cell in &mut grid.cells {
            (cell.row_span, cell.col_span) = (2, 2);
        }
        assert!(xlsx_of_table(&grid).unwrap().is_some());
    }

    #[test]
    fn what_no_sheet_can_hold_is_an_error_or_cut_off_visibly() {
        let mut grid = grid("<otsl><fcel>a<nl></otsl>");
        grid.cells[0].text = "😀".repeat(20_000);
        assert!(xlsx_of_table(&grid).unwrap().is_some());
        assert!(fitting(&grid.cells[0].text).ends_with('…'));
        (grid.cells[0].col, grid.num_cols) = (20_000, 20_001);
        assert!(xlsx_of_table(&grid).is_err());
    }
}
