//! The icons: one constant per glyph of `assets/fonts/Lucide.ttf`.
//!
//! In: nothing. Out: one-character strings for [`egui::RichText`] in the icon font family.
//! Names are Lucide's own, so that an icon can be looked up in its catalogue.
//! Written by `assets/fonts/make_fonts.py` from Lucide 1.62.0; add an icon to
//! `assets/fonts/icon_names.txt` and run it again rather than editing this file.

/// Open a file (`folder-open`).
pub const FOLDER_OPEN: &str = "\u{E247}";

/// A document (`file-text`).
pub const FILE_TEXT: &str = "\u{E0CC}";

/// Several documents (`files`).
pub const FILES: &str = "\u{E0CF}";

/// Open in addition (`file-plus`).
pub const FILE_PLUS: &str = "\u{E0C9}";

/// Recent files (`history`).
pub const HISTORY: &str = "\u{E1F5}";

/// A scan or picture (`image`).
pub const IMAGE: &str = "\u{E0F6}";

/// Close, dismiss (`x`).
pub const X: &str = "\u{E1B2}";

/// Previous page (`chevron-left`).
pub const CHEVRON_LEFT: &str = "\u{E06E}";

/// Next page (`chevron-right`).
pub const CHEVRON_RIGHT: &str = "\u{E06F}";

/// Fold, previous (`chevron-up`).
pub const CHEVRON_UP: &str = "\u{E070}";

/// Menu, unfold, next (`chevron-down`).
pub const CHEVRON_DOWN: &str = "\u{E06D}";

/// First page (`chevrons-left`).
pub const CHEVRONS_LEFT: &str = "\u{E072}";

/// Last page (`chevrons-right`).
pub const CHEVRONS_RIGHT: &str = "\u{E073}";

/// Zoom out (`minus`).
pub const MINUS: &str = "\u{E11C}";

/// Zoom in, add (`plus`).
pub const PLUS: &str = "\u{E13D}";

/// Zoom in (`zoom-in`).
pub const ZOOM_IN: &str = "\u{E1B6}";

/// Zoom out (`zoom-out`).
pub const ZOOM_OUT: &str = "\u{E1B7}";

/// Fit width (`move-horizontal`).
pub const MOVE_HORIZONTAL: &str = "\u{E1C6}";

/// Fit page (`maximize`).
pub const MAXIMIZE: &str = "\u{E112}";

/// Rotate clockwise (`rotate-cw`).
pub const ROTATE_CW: &str = "\u{E149}";

/// Rotate anticlockwise (`rotate-ccw`).
pub const ROTATE_CCW: &str = "\u{E148}";

/// Pan (`hand`).
pub const HAND: &str = "\u{E1D7}";

/// Invert the page (`contrast`).
pub const CONTRAST: &str = "\u{E09D}";

/// Show or hide thumbnails (`panel-left`).
pub const PANEL_LEFT: &str = "\u{E12A}";

/// Show or hide the pane (`panel-right`).
pub const PANEL_RIGHT: &str = "\u{E431}";

/// Equal halves (`columns-2`).
pub const COLUMNS_2: &str = "\u{E098}";

/// Convert this page (`play`).
pub const PLAY: &str = "\u{E13C}";

/// Convert all pages (`list-video`).
pub const LIST_VIDEO: &str = "\u{E2E2}";

/// Stop (`square`).
pub const SQUARE: &str = "\u{E167}";

/// Cancel (`circle-x`).
pub const CIRCLE_X: &str = "\u{E084}";

/// Convert again (`refresh-cw`).
pub const REFRESH_CW: &str = "\u{E145}";

/// Working (`loader-circle`).
pub const LOADER_CIRCLE: &str = "\u{E10A}";

/// Done (`check`).
pub const CHECK: &str = "\u{E06C}";

/// Page done (`circle-check`).
pub const CIRCLE_CHECK: &str = "\u{E226}";

/// Failed (`circle-alert`).
pub const CIRCLE_ALERT: &str = "\u{E077}";

/// Stopped by a limit or a loop (`triangle-alert`).
pub const TRIANGLE_ALERT: &str = "\u{E193}";

/// A note (`info`).
pub const INFO: &str = "\u{E0F9}";

/// Queued (`clock`).
pub const CLOCK: &str = "\u{E087}";

/// Copy (`copy`).
pub const COPY: &str = "\u{E09E}";

/// Copied (`clipboard-check`).
pub const CLIPBOARD_CHECK: &str = "\u{E219}";

/// Paste an image (`clipboard-paste`).
pub const CLIPBOARD_PASTE: &str = "\u{E3E8}";

/// Save, export (`download`).
pub const DOWNLOAD: &str = "\u{E0B2}";

/// Save as (`save`).
pub const SAVE: &str = "\u{E14D}";

/// Export (`share`).
pub const SHARE: &str = "\u{E155}";

/// Legend of the labels (`layers`).
pub const LAYERS: &str = "\u{E529}";

/// Shown (`eye`).
pub const EYE: &str = "\u{E0BA}";

/// Hidden (`eye-off`).
pub const EYE_OFF: &str = "\u{E0BB}";

/// Reading order (`list-ordered`).
pub const LIST_ORDERED: &str = "\u{E1D1}";

/// Heat map (`flame`).
pub const FLAME: &str = "\u{E0D2}";

/// Select a region (`scan`).
pub const SCAN: &str = "\u{E257}";

/// Recognise (`scan-text`).
pub const SCAN_TEXT: &str = "\u{E538}";

/// Tables (`table`).
pub const TABLE: &str = "\u{E17D}";

/// DocTags, source (`code`).
pub const CODE: &str = "\u{E093}";

/// Markdown, text (`text-align-start`).
pub const TEXT_ALIGN_START: &str = "\u{E185}";

/// List (`list`).
pub const LIST: &str = "\u{E106}";

/// Outline (`list-tree`).
pub const LIST_TREE: &str = "\u{E408}";

/// Go to page (`hash`).
pub const HASH: &str = "\u{E0EF}";

/// Follow the tail (`arrow-down`).
pub const ARROW_DOWN: &str = "\u{E042}";

/// Back to the top (`arrow-up`).
pub const ARROW_UP: &str = "\u{E04A}";

/// Find in the document (`search`).
pub const SEARCH: &str = "\u{E151}";

/// Settings (`settings`).
pub const SETTINGS: &str = "\u{E154}";

/// Light theme (`sun`).
pub const SUN: &str = "\u{E178}";

/// Dark theme (`moon`).
pub const MOON: &str = "\u{E11E}";

/// Theme of the system (`monitor`).
pub const MONITOR: &str = "\u{E11D}";

/// Keys (`keyboard`).
pub const KEYBOARD: &str = "\u{E284}";

/// Help (`circle-help`).
pub const CIRCLE_HELP: &str = "\u{E082}";

/// Engine, model (`cpu`).
pub const CPU: &str = "\u{E0A9}";

/// Get a model (`hard-drive-download`).
pub const HARD_DRIVE_DOWNLOAD: &str = "\u{E4E5}";

/// Encrypted (`lock`).
pub const LOCK: &str = "\u{E10B}";

/// Password (`key-round`).
pub const KEY_ROUND: &str = "\u{E4A3}";

/// More (`ellipsis`).
pub const ELLIPSIS: &str = "\u{E0B6}";

/// Opens outside (`external-link`).
pub const EXTERNAL_LINK: &str = "\u{E0B9}";

/// Edited (`pencil`).
pub const PENCIL: &str = "\u{E1F9}";

/// Undo (`undo-2`).
pub const UNDO_2: &str = "\u{E2A1}";

/// Redo (`redo-2`).
pub const REDO_2: &str = "\u{E2A0}";

/// Remove (`trash-2`).
pub const TRASH_2: &str = "\u{E18E}";

/// Drag (`grip-vertical`).
pub const GRIP_VERTICAL: &str = "\u{E0EB}";
