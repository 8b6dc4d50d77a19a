//! Writes the prompt: the checkpoint's own chat template, then the image tokens of every tile.
//!
//! Messages come in; the text that the tokenizer encodes goes out. Source:
//! `models/idefics3/processing_idefics3.py` of `transformers` 5.17, and how it sets up Jinja.

use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, ErrorKind, context};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::Error;
use super::files::{read_json_if_present, read_text_if_present};
use super::image_processor::TilePlan;

/// Stands for an image in the chat template's output.
pub(crate) const IMAGE_TOKEN: &str = "<image>";
const FAKE_TOKEN_AROUND_IMAGE: &str = "<fake_token_around_image>";
const GLOBAL_IMAGE_TOKEN: &str = "<global-img>";
/// Instructions of the template engine; published templates take a few hundred a message. A
/// template that loops for longer is stopped.
const TEMPLATE_FUEL: u64 = 10_000_000;

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// `user` or `assistant`.
    pub role: String,
    /// What it is made of, in order.
    pub content: Vec<Part>,
}

/// A piece of a message, as chat templates know them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Part {
    /// The next of the images that come along.
    Image,
    /// Words.
    Text {
        /// The words.
        text: String,
    },
}

impl Message {
    /// One image and what to do with it.
    pub(crate) fn about_image(instruction: &str) -> Self {
        let content = vec![Part::Image, Part::Text { text: instruction.to_owned() }];
        Self { role: "user".to_owned(), content }
    }
}

/// A checkpoint's chat template, wherever it is stored.
#[derive(Debug)]
pub(crate) struct ChatTemplate {
    environment: Environment<'static>,
    file: PathBuf,
    bos_token: Option<String>,
    eos_token: Option<String>,
}

/// The template's name inside the engine; it shows up in error messages.
const NAME: &str = "chat_template";

impl ChatTemplate {
    /// Looks for `chat_template.jinja`, `chat_template.json` and `tokenizer_config.json`, in this
    /// order.
    ///
    /// # Errors
    /// When there is none, or when it has a mistake.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let tokenizer_file = folder.join("tokenizer_config.json");
        let tokenizer: Option<Value> = read_json_if_present(&tokenizer_file)?;
        let (file, source) = Self::find(folder, tokenizer.as_ref())?;
        let token = |key: &str| {
            let value = tokenizer.as_ref()?.get(key)?;
            value.as_str().or_else(|| value.get("content")?.as_str()).map(str::to_owned)
        };
        Self::compile(file, source, token("bos_token"), token("eos_token"))
    }

    fn find(folder: &Path, tokenizer: Option<&Value>) -> Result<(PathBuf, String), Error> {
        let plain = folder.join("chat_template.jinja");
        if let Some(source) = read_text_if_present(&plain)? {
            return Ok((plain, source));
        }
        let json = folder.join("chat_template.json");
        let stored: Option<Value> = read_json_if_present(&json)?;
        if let Some(source) = stored.as_ref().and_then(template_of) {
            return Ok((json, source));
        }
        tokenizer
            .and_then(template_of)
            .map(|source| (folder.join("tokenizer_config.json"), source))
            .ok_or(Error::MissingFile { what: "the chat template", file: plain })
    }

    fn compile(
        file: PathBuf,
        source: String,
        bos_token: Option<String>,
        eos_token: Option<String>,
    ) -> Result<Self, Error> {
        let mut environment = Environment::new();
        // As the reference sets up Jinja.
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()
            .map_err(|source| Error::ChatTemplate { file: file.clone(), source })?;
        environment.set_syntax(syntax);
        environment.set_fuel(Some(TEMPLATE_FUEL));
        environment.add_function("raise_exception", |message: String| -> Result<(), minijinja::Error> {
            Err(minijinja::Error::new(ErrorKind::InvalidOperation, message))
        });
        environment
            .add_template_owned(NAME, source)
            .map_err(|source| Error::ChatTemplate { file: file.clone(), source })?;
        Ok(Self { environment, file, bos_token, eos_token })
    }

    /// Renders a conversation up to where the assistant's answer starts. Images are `<image>`.
    ///
    /// # Errors
    /// When the template fails.
    pub(crate) fn render(&self, messages: &[Message]) -> Result<String, Error> {
        let values = context! {
            messages => Serde(messages),
            add_generation_prompt => true,
            bos_token => self.bos_token.as_deref().unwrap_or_default(),
            eos_token => self.eos_token.as_deref().unwrap_or_default(),
        };
        self.environment
            .get_template(NAME)
            .and_then(|template| template.render(values))
            .map_err(|source| Error::ChatTemplate { file: self.file.clone(), source })
    }
}

/// A template under the key `chat_template`: the text itself, or a list of named ones of which
/// `default` counts.
fn template_of(json: &Value) -> Option<String> {
    let value = json.get("chat_template")?;
    let named = || value.as_array()?.iter().find(|entry| entry.get("name") == Some(&"default".into()));
    value.as_str().or_else(|| named()?.get("template")?.as_str()).map(str::to_owned)
}

/// Replaces each `<image>` by the tokens of its tiles.
///
/// # Errors
/// When the text has another number of `<image>` than there are images.
pub(crate) fn expand_images(
    prompt: &str,
    plans: &[TilePlan],
    tokens_per_tile: usize,
) -> Result<String, Error> {
    let slots = prompt.matches(IMAGE_TOKEN).count();
    if slots != plans.len() {
        return Err(Error::ImageSlots { slots, images: plans.len() });
    }
    let mut texts = prompt.split(IMAGE_TOKEN);
    let mut expanded = texts.next().unwrap_or_default().to_owned();
    for (text, plan) in texts.zip(plans) {
        expanded.push_str(&image_text(plan, tokens_per_tile));
        expanded.push_str(text);
    }
    Ok(expanded)
}

fn image_text(plan: &TilePlan, tokens_per_tile: usize) -> String {
    let tile = IMAGE_TOKEN.repeat(tokens_per_tile);
    let cell = |row: u32, col: u32| format!("{FAKE_TOKEN_AROUND_IMAGE}<row_{row}_col_{col}>{tile}");
    let row = |row: u32| (1..=plan.cols).map(|col| cell(row, col)).collect::<String>() + "\n";
    let mut rows: String = (1..=plan.rows).map(row).collect();
    if plan.rows > 0 {
        rows.push('\n');
    }
    rows + &format!("{FAKE_TOKEN_AROUND_IMAGE}{GLOBAL_IMAGE_TOKEN}{tile}{FAKE_TOKEN_AROUND_IMAGE}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMOLDOCLING: &str = "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}\
        {% if message['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}\
        {% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}\
        {% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n\
        {% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}";

    fn check_render(template: &str, messages: &[Message], expected: &str) {
        let template = ChatTemplate::compile("t".into(), template.to_owned(), None, None).unwrap();
        assert_eq!(template.render(messages).unwrap(), expected);
    }

    #[test]
    fn templates_are_rendered_as_the_reference_renders_them() {
        let page = Message::about_image("Convert this page to docling.");
        check_render(
            SMOLDOCLING,
            std::slice::from_ref(&page),
            "<|im_start|>User:<image>Convert this page to docling.<end_of_utterance>\nAssistant:",
        );
        let words = Message { role: "user".into(), content: vec![Part::Text { text: "Hi".into() }] };
        check_render(SMOLDOCLING, &[words], "<|im_start|>User: Hi<end_of_utterance>\nAssistant:");
        let granite = "{%- for message in messages -%}\n{{- '<|start_of_role|>' + message['role'] + \
            '<|end_of_role|>' -}}\n{%- if message['content'] is string -%}{{- message['content'] -}}\
            {%- else -%}{%- for part in message['content'] -%}{%- if part['type'] == 'text' -%}\
            {{- part['text'] -}}{%- elif part['type'] == 'image' -%}{{- '<image>' -}}{%- endif -%}\
            {%- endfor -%}{%- endif -%}{{- '<|end_of_text|>\n' -}}{%- endfor -%}\
            {%- if add_generation_prompt -%}{{- '<|start_of_role|>assistant' -}}\
            {%- if controls -%}{{- ' ' + controls | tojson() -}}{%- endif -%}\
            {{- '<|end_of_role|>' -}}{%- endif -%}";
        check_render(
            granite,
            &[page],
            "<|start_of_role|>user<|end_of_role|><image>Convert this page to docling.<|end_of_text|>\n\
             <|start_of_role|>assistant<|end_of_role|>",
        );
    }

    #[test]
    fn a_template_that_never_ends_is_stopped() {
        let source = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}";
        let template = ChatTemplate::compile("t".into(), source.to_owned(), None, None).unwrap();
        assert!(matches!(template.render(&[]), Err(Error::ChatTemplate { .. })));
    }

    fn plan_of(rows: u32, cols: u32) -> TilePlan {
        let px = (1, 1);
        TilePlan { input_px: px, resized_px: px, stretched_px: px, rows, cols }
    }

    #[test]
    fn images_become_the_tokens_of_their_tiles() {
        let expanded = expand_images("a<image>b", &[plan_of(1, 2)], 2).unwrap();
        assert_eq!(
            expanded,
            "a<fake_token_around_image><row_1_col_1><image><image>\
             <fake_token_around_image><row_1_col_2><image><image>\n\n\
             <fake_token_around_image><global-img><image><image><fake_token_around_image>b",
        );
        let whole = expand_images("<image>", &[plan_of(0, 0)], 1).unwrap();
        assert_eq!(whole, "<fake_token_around_image><global-img><image><fake_token_around_image>");
    }

    #[test]
    fn an_image_slot_smuggled_into_the_instruction_is_refused() {
        let error = expand_images("<image>and <image>", &[plan_of(0, 0)], 1).unwrap_err();
        assert_eq!(error.to_string(), "the prompt has 2 image slots for 1 images");
    }
}
