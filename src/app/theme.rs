//! Every colour, text style and font of the window. No other file names a colour.
//!
//! The numbers are those of the design brief: neutral surfaces, one accent, and one colour a
//! [`Label`], in a light and a dark column. On the page the light column is used in both themes,
//! because paper is white; the dark column is for panes in the dark theme and for inverted pages.
#![expect(clippy::disallowed_methods, reason = "this is the file where colours live")]

use std::sync::Arc;

use egui::style::{ScrollStyle, Selection, WidgetVisuals, Widgets};
use egui::{
    Color32, Context, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, Style, TextStyle, Theme, Ui,
    Visuals, vec2,
};

use crate::engine::trust::Level;
use crate::markup::Label;

/// The surfaces and inks of one theme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Palette {
    /// Behind bars and lists.
    pub window: Color32,
    /// Behind text that is read: panes, menus, notices.
    pub pane: Color32,
    /// Hairlines.
    pub line: Color32,
    /// Edges of controls, which must be seen more than hairlines.
    pub edge: Color32,
    /// Text.
    pub text: Color32,
    /// Text that matters less.
    pub secondary: Color32,
    /// The one accent: what is active, focused or primary.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Behind what is selected, or the range of text that is.
    pub accent_fill: Color32,
    /// Behind the pages.
    pub canvas: Color32,
    /// Buttons at rest.
    pub control: Color32,
    /// Buttons and rows under the pointer.
    pub hover: Color32,
    /// Buttons held down; tracks of progress bars.
    pub pressed: Color32,
    /// Something went well.
    pub success: Color32,
    /// Something ended early.
    pub warning: Color32,
    /// Something failed.
    pub danger: Color32,
    /// Behind a ribbon that warns.
    pub warning_fill: Color32,
    /// Behind a ribbon that reports a failure.
    pub danger_fill: Color32,
    /// Behind code.
    pub code_fill: Color32,
    /// Shadow of menus and notices.
    pub shadow: Color32,
}

impl Palette {
    /// The light theme.
    pub const LIGHT: Self = Self {
        window: hex(0xFA_FA_F9),
        pane: hex(0xFF_FF_FF),
        line: hex(0xE7_E5_E4),
        edge: hex(0xD2_CE_CB),
        text: hex(0x1C_19_17),
        secondary: hex(0x57_53_4E),
        accent: hex(0x25_63_EB),
        on_accent: hex(0xFF_FF_FF),
        accent_fill: hex(0xDB_E7_FD),
        canvas: hex(0xE7_E5_E4),
        control: hex(0xFF_FF_FF),
        hover: hex(0xF0_EE_EC),
        pressed: hex(0xE2_DF_DC),
        success: hex(0x15_80_3D),
        warning: hex(0xA1_62_07),
        danger: hex(0xB9_1C_1C),
        warning_fill: hex(0xFD_F6_DF),
        danger_fill: hex(0xFD_EC_EC),
        code_fill: hex(0xF5_F4_F2),
        shadow: Color32::from_black_alpha(36),
    };

    /// The dark theme.
    pub const DARK: Self = Self {
        window: hex(0x1B_1A_19),
        pane: hex(0x23_21_20),
        line: hex(0x3A_37_35),
        edge: hex(0x54_50_4C),
        text: hex(0xEC_EA_E8),
        secondary: hex(0xA8_A2_9E),
        accent: hex(0x60_A5_FA),
        on_accent: hex(0x12_11_10),
        accent_fill: hex(0x26_3B_59),
        canvas: hex(0x12_11_10),
        control: hex(0x2C_2A_28),
        hover: hex(0x35_32_30),
        pressed: hex(0x42_3F_3C),
        success: hex(0x4A_DE_80),
        warning: hex(0xFA_CC_15),
        danger: hex(0xF8_71_71),
        warning_fill: hex(0x3A_31_17),
        danger_fill: hex(0x43_22_21),
        code_fill: hex(0x1B_1A_19),
        shadow: Color32::from_black_alpha(120),
    };

    /// The palette of the theme that the context shows now.
    pub fn of(ctx: &Context) -> &'static Self {
        Self::of_theme(ctx.theme())
    }

    /// The palette that goes with the visuals in which `ui` draws.
    pub fn of_ui(ui: &Ui) -> &'static Self {
        if ui.visuals().dark_mode { &Self::DARK } else { &Self::LIGHT }
    }

    /// The palette of a theme.
    pub fn of_theme(theme: Theme) -> &'static Self {
        match theme {
            Theme::Light => &Self::LIGHT,
            Theme::Dark => &Self::DARK,
        }
    }
}

/// The colour of a label: the light column for paper and light panes, the dark one for dark panes
/// and inverted pages.
pub fn label_color(label: Label, theme: Theme) -> Color32 {
    let (light, dark) = match label {
        Label::Title => (0xB5_17_9E, 0xF4_72_D0),
        Label::SectionHeader => (0xC2_41_0C, 0xFB_92_3C),
        Label::Text => (0x1D_4E_D8, 0x60_A5_FA),
        Label::ListItem => (0x03_69_A1, 0x38_BD_F8),
        Label::Table => (0x15_80_3D, 0x4A_DE_80),
        Label::Caption => (0xA1_62_07, 0xFA_CC_15),
        Label::Picture => (0x0F_76_6E, 0x2D_D4_BF),
        Label::Formula => (0x6D_28_D9, 0xA7_8B_FA),
        Label::Code => (0x33_41_55, 0x94_A3_B8),
        Label::Footnote => (0x85_4D_0E, 0xEA_B3_08),
        Label::Furniture => (0x78_71_6C, 0xA8_A2_9E),
        Label::Form => (0xBE_12_3C, 0xFB_71_85),
    };
    hex(match theme {
        Theme::Light => light,
        Theme::Dark => dark,
    })
}

/// The colour of how grave the doubts about an element are, in the columns of [`label_color`].
pub fn level_color(level: Level, theme: Theme) -> Color32 {
    let (light, dark) = match level {
        Level::Sure => (0x0F_76_6E, 0x2D_D4_BF),
        Level::Look => (0xA1_62_07, 0xFA_CC_15),
        Level::Doubtful => (0xB9_1C_1C, 0xF8_71_71),
    };
    hex(match theme {
        Theme::Light => light,
        Theme::Dark => dark,
    })
}

/// The colour of a label in the pane or panel that `ui` draws in.
pub fn label_color_in(ui: &Ui, label: Label) -> Color32 {
    label_color(label, if ui.visuals().dark_mode { Theme::Dark } else { Theme::Light })
}

/// Paper, before a page is drawn and around a page that could not be.
pub const PAPER: Color32 = Color32::WHITE;
/// Paper of an inverted page.
pub const PAPER_INVERTED: Color32 = hex(0x16_15_14);
/// Ink on paper, in both themes: skeleton lines and messages in a page's place.
pub const INK: Color32 = hex(0x44_40_3C);
/// The grey bars of a page that is still being drawn.
pub const SKELETON: Color32 = hex(0xF0_EE_EC);
/// Hairline around a page.
pub const PAGE_EDGE: Color32 = Color32::from_black_alpha(28);
/// Text on a coloured tag.
pub const ON_LABEL: Color32 = Color32::WHITE;
/// Thin line around strokes, so that they can be seen on dark scans.
pub const HALO: Color32 = Color32::from_rgba_premultiplied(150, 150, 150, 150);

/// Spacing steps, in points.
pub mod space {
    /// Between an icon and its word.
    pub const XS: f32 = 4.0;
    /// Between controls.
    pub const S: f32 = 8.0;
    /// Inside panels.
    pub const M: f32 = 12.0;
    /// Between groups.
    pub const L: f32 = 16.0;
    /// Between sections.
    pub const XL: f32 = 24.0;
}

/// Corner radius of controls, menus and notices; panels have none.
pub const RADIUS: u8 = 6;
/// Least height of anything that can be clicked.
pub const TOUCH_HEIGHT: f32 = 28.0;

/// Family of the semibold face of the interface font.
pub fn strong_family() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// Family of the italic face of the interface font.
pub fn italic_family() -> FontFamily {
    FontFamily::Name("italic".into())
}

/// Family of the icon font.
pub fn icon_family() -> FontFamily {
    FontFamily::Name("icons".into())
}

/// Semibold text of the interface at a size in points.
pub fn strong(size: f32) -> FontId {
    FontId::new(size, strong_family())
}

/// The icon font at a size in points; glyphs are the constants of [`super::icons`].
pub fn icon(size: f32) -> FontId {
    FontId::new(size, icon_family())
}

/// Text of a pane that is read: 14.5 pt.
pub fn pane_text_style() -> TextStyle {
    TextStyle::Name("pane".into())
}

/// Numbers and words in bars and thumbnails: 12 pt.
pub fn bar_text_style() -> TextStyle {
    TextStyle::Name("bar".into())
}

/// Gives the context our fonts and both themes. Call it before the first frame: the named
/// families must exist before text uses them.
pub fn install(ctx: &Context) {
    ctx.set_fonts(super::fonts::definitions());
    ctx.set_style_of(Theme::Light, Arc::new(style(&Palette::LIGHT, Visuals::light())));
    ctx.set_style_of(Theme::Dark, Arc::new(style(&Palette::DARK, Visuals::dark())));
}

fn style(palette: &Palette, base: Visuals) -> Style {
    let mut style = Style { visuals: visuals(palette, base), ..Style::default() };
    style.text_styles = [
        (TextStyle::Small, FontId::new(11.5, FontFamily::Proportional)),
        (TextStyle::Body, FontId::new(13.0, FontFamily::Proportional)),
        (TextStyle::Button, FontId::new(13.0, FontFamily::Proportional)),
        (TextStyle::Heading, FontId::new(17.0, strong_family())),
        (TextStyle::Monospace, FontId::new(12.5, FontFamily::Monospace)),
        (bar_text_style(), FontId::new(12.0, FontFamily::Proportional)),
        (pane_text_style(), FontId::new(14.5, FontFamily::Proportional)),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(space::S, space::XS);
    spacing.button_padding = vec2(10.0, 5.0);
    spacing.interact_size = vec2(TOUCH_HEIGHT, TOUCH_HEIGHT);
    spacing.menu_margin = Margin::same(6);
    spacing.window_margin = Margin::same(16);
    spacing.menu_spacing = 2.0;
    spacing.tooltip_width = 360.0;
    spacing.icon_width = 16.0;
    spacing.icon_width_inner = 10.0;
    spacing.icon_spacing = space::S;
    spacing.combo_width = 160.0;
    spacing.scroll = ScrollStyle { bar_width: 8.0, ..ScrollStyle::floating() };
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.4;
    style.animation_time = 0.12;
    #[cfg(debug_assertions)]
    {
        style.debug.show_unaligned = false;
    }
    style
}

fn visuals(palette: &Palette, base: Visuals) -> Visuals {
    Visuals {
        widgets: widgets(palette),
        selection: Selection { bg_fill: palette.accent_fill, stroke: Stroke::new(1.0, palette.text) },
        hyperlink_color: palette.accent,
        weak_text_color: Some(palette.secondary),
        faint_bg_color: palette.window,
        extreme_bg_color: palette.pane,
        text_edit_bg_color: Some(palette.control),
        code_bg_color: palette.code_fill,
        warn_fg_color: palette.warning,
        error_fg_color: palette.danger,
        window_corner_radius: CornerRadius::same(10),
        window_shadow: Shadow { offset: [0, 8], blur: 32, spread: 0, color: palette.shadow },
        window_fill: palette.pane,
        window_stroke: Stroke::new(1.0, palette.line),
        window_highlight_topmost: false,
        menu_corner_radius: CornerRadius::same(8),
        popup_shadow: Shadow { offset: [0, 4], blur: 16, spread: 0, color: palette.shadow },
        panel_fill: palette.window,
        slider_trailing_fill: true,
        ..base
    }
}

fn widgets(palette: &Palette) -> Widgets {
    let visuals = |fill: Color32, edge: Color32, ink: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, edge),
        corner_radius: CornerRadius::same(RADIUS),
        fg_stroke: Stroke::new(1.0, ink),
        expansion: 0.0,
    };
    Widgets {
        noninteractive: visuals(palette.pane, palette.line, palette.text),
        inactive: visuals(palette.control, palette.edge, palette.text),
        hovered: visuals(palette.hover, palette.edge, palette.text),
        active: visuals(palette.pressed, palette.accent, palette.text),
        open: visuals(palette.pressed, palette.pressed, palette.text),
    }
}

/// `0xRRGGBB` as an opaque colour.
const fn hex(rgb: u32) -> Color32 {
    let [_, red, green, blue] = rgb.to_be_bytes();
    Color32::from_rgb(red, green, blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast ratio as WCAG 2.1 defines it.
    fn contrast(a: Color32, b: Color32) -> f64 {
        let luminance = |color: Color32| {
            let channel = |value: u8| {
                let value = f64::from(value) / 255.0;
                if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * channel(color.r()) + 0.7152 * channel(color.g()) + 0.0722 * channel(color.b())
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn labels_can_be_read_on_paper_and_on_the_dark_pane() {
        for label in Label::ALL {
            let on_paper = contrast(label_color(label, Theme::Light), PAPER);
            let on_pane = contrast(label_color(label, Theme::Dark), Palette::DARK.pane);
            assert!(on_paper >= 4.5 && on_pane >= 4.5, "{label:?}: {on_paper:.1}, {on_pane:.1}");
        }
    }

    #[test]
    fn levels_of_doubt_can_be_read_on_paper_and_on_the_dark_pane() {
        for level in Level::ALL {
            assert!(contrast(level_color(level, Theme::Light), PAPER) >= 4.5, "{level:?}");
            assert!(contrast(level_color(level, Theme::Dark), Palette::DARK.pane) >= 4.5, "{level:?}");
        }
    }

    #[test]
    fn inks_can_be_read_on_their_surfaces() {
        for palette in [Palette::LIGHT, Palette::DARK] {
            for surface in [palette.window, palette.pane, palette.hover] {
                assert!(contrast(palette.text, surface) >= 7.0);
                assert!(contrast(palette.secondary, surface) >= 4.5);
            }
            assert!(contrast(palette.on_accent, palette.accent) >= 4.5);
            for ink in [palette.success, palette.warning, palette.danger] {
                assert!(contrast(ink, palette.pane) >= 4.5);
            }
            assert!(contrast(palette.warning, palette.warning_fill) >= 4.0);
            assert!(contrast(palette.danger, palette.danger_fill) >= 4.5);
        }
    }
}
