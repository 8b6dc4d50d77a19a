//! The few controls that the bars and windows are made of, so that they look and speak alike.
//!
//! Every control has a name for screen readers and, where a key does the same, the key in its
//! tooltip.

use egui::{
    Align, Button, Color32, Id, Layout, Modal, Response, RichText, Role, Stroke, Ui, Vec2, WidgetInfo, vec2,
};

use super::icons;
use super::theme::{self, Palette, TOUCH_HEIGHT};

/// A frameless button with an icon. `name` is its tooltip and its accessible name.
pub fn icon_button(ui: &mut Ui, icon: &str, name: &str, key: Option<&str>) -> Response {
    icon_button_if(ui, true, icon, name, key)
}

/// An [`icon_button`] that may be out of use.
pub fn icon_button_if(ui: &mut Ui, is_enabled: bool, icon: &str, name: &str, key: Option<&str>) -> Response {
    let button = Button::new(RichText::new(icon).font(theme::icon(16.0)))
        .frame_when_inactive(false)
        .min_size(Vec2::splat(TOUCH_HEIGHT));
    let response = ui.scope(|ui| {
        ui.spacing_mut().button_padding = vec2(6.0, 5.0);
        ui.add_enabled(is_enabled, button)
    });
    named(response.inner, name, key)
}

/// An [`icon_button`] that stays pressed while something is shown.
pub fn icon_toggle(ui: &mut Ui, is_on: bool, icon: &str, name: &str, key: Option<&str>) -> Response {
    let button = Button::new(RichText::new(icon).font(theme::icon(16.0)))
        .frame_when_inactive(is_on)
        .min_size(Vec2::splat(TOUCH_HEIGHT));
    let response = ui.scope(|ui| {
        ui.spacing_mut().button_padding = vec2(6.0, 5.0);
        if is_on {
            let fill = Palette::of_ui(ui).pressed;
            let resting = &mut ui.visuals_mut().widgets.inactive;
            resting.weak_bg_fill = fill;
            resting.bg_stroke.color = fill;
        }
        ui.add(button)
    });
    let response = response.inner;
    let is_enabled = response.enabled();
    response.widget_info(|| WidgetInfo::selected(Role::Button, is_enabled, is_on, name));
    with_tooltip(response, name, key)
}

/// A button with an icon and words.
pub fn icon_text_button(ui: &mut Ui, icon: &str, words: &str, key: Option<&str>) -> Response {
    let atoms = (RichText::new(icon).font(theme::icon(15.0)), words);
    let response = ui.add(Button::new(atoms).min_size(vec2(0.0, TOUCH_HEIGHT)));
    let is_enabled = response.enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_enabled, words));
    match key {
        Some(key) => response.on_hover_text(key),
        None => response,
    }
}

/// The one button of a surface that does what most people came for.
pub fn primary_button(ui: &mut Ui, icon: Option<&str>, words: &str) -> Response {
    ui.scope(|ui| {
        paint_primary(ui);
        let button = match icon {
            Some(icon) => Button::new((RichText::new(icon).font(theme::icon(15.0)), words)),
            None => Button::new(words),
        };
        let response = ui.add(button.min_size(vec2(0.0, TOUCH_HEIGHT)));
        let is_enabled = response.enabled();
        response.widget_info(|| WidgetInfo::labeled(Role::Button, is_enabled, words));
        response
    })
    .inner
}

/// Buttons drawn in `ui` from now on stand on the accent.
pub fn paint_primary(ui: &mut Ui) {
    let palette = Palette::of_ui(ui);
    let widgets = &mut ui.visuals_mut().widgets;
    for (visuals, strength) in [
        (&mut widgets.inactive, 1.0),
        (&mut widgets.hovered, 0.88),
        (&mut widgets.active, 0.78),
        (&mut widgets.open, 0.78),
    ] {
        let fill = palette.accent.lerp_to_gamma(palette.text, 1.0 - strength);
        visuals.weak_bg_fill = fill;
        visuals.bg_fill = fill;
        visuals.bg_stroke = Stroke::new(1.0, fill);
        visuals.fg_stroke.color = palette.on_accent;
    }
}

/// An icon in a colour, as a label.
pub fn icon_label(ui: &mut Ui, icon: &str, color: Color32) -> Response {
    ui.label(RichText::new(icon).font(theme::icon(15.0)).color(color))
}

/// Text that matters less.
pub fn secondary(ui: &Ui, words: impl Into<String>) -> RichText {
    RichText::new(words).color(Palette::of_ui(ui).secondary)
}

/// Semibold text of the interface's size.
pub fn strong(words: impl Into<String>) -> RichText {
    RichText::new(words).font(theme::strong(13.0))
}

/// Gives a control its accessible name and a tooltip that names the key as well.
pub fn named(response: Response, name: &str, key: Option<&str>) -> Response {
    let is_enabled = response.enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_enabled, name));
    with_tooltip(response, name, key)
}

fn with_tooltip(response: Response, name: &str, key: Option<&str>) -> Response {
    response.on_hover_ui(|ui| {
        ui.horizontal(|ui| {
            ui.label(name);
            if let Some(key) = key {
                let key = secondary(ui, key);
                ui.label(key);
            }
        });
    })
}

/// An entry of a menu: an icon or its empty place, words, and the key at the right.
pub fn menu_entry(ui: &mut Ui, icon: Option<&str>, words: &str, key: Option<&str>) -> Response {
    // Where there is no icon its room stays, so that the words stand in one column.
    let blank = RichText::new(icons::CHECK).color(Color32::TRANSPARENT);
    let icon = icon.map_or(blank, RichText::new).font(theme::icon(15.0));
    let mut button =
        Button::new((icon, words)).min_size(vec2(180.0, TOUCH_HEIGHT)).frame_when_inactive(false);
    button = match key {
        Some(key) => button.shortcut_text(secondary(ui, key)),
        None => button.shortcut_text(""),
    };
    let response = ui.add(button);
    let is_enabled = response.enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::MenuItem, is_enabled, words));
    response
}

/// The frame of a window over the document.
pub fn modal_frame(ui: &Ui) -> egui::Frame {
    egui::Frame::window(ui.style()).inner_margin(20.0).corner_radius(10.0)
}

/// A window over the document with a title and a close button. `acts` are drawn left of the button;
/// `content` is given the height that there is for it. Returns whether the window is to be closed.
pub fn titled_window(
    ui: &Ui,
    title: &str,
    max_width: f32,
    acts: impl FnOnce(&mut Ui),
    content: impl FnOnce(&mut Ui, f32),
) -> bool {
    let modal = Modal::new(Id::unique(title)).frame(modal_frame(ui)).show(ui.ctx(), |ui| {
        let room = ui.ctx().content_rect().size() - vec2(120.0, 140.0);
        ui.set_width(max_width.min(room.x));
        let mut closes = false;
        ui.horizontal(|ui| {
            ui.label(RichText::new(title).font(theme::strong(17.0)));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                closes = icon_button(ui, icons::X, "Close", Some("Esc")).clicked();
                acts(ui);
            });
        });
        content(ui, room.y);
        closes
    });
    modal.inner || modal.should_close()
}

/// A hairline between groups of a bar.
pub fn bar_divider(ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(vec2(9.0, 18.0), egui::Sense::hover());
    let line = Stroke::new(1.0, Palette::of_ui(ui).line);
    ui.painter().vline(rect.center().x, rect.y_range(), line);
}

/// A dot that says in colour what its neighbour says in words.
pub fn dot(ui: &mut Ui, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(8.0), egui::Sense::hover());
    ui.painter().circle_filled(rect.center(), 3.5, color);
}
