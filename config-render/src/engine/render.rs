//! Rendering: one template of a library, with one device's values.

use super::error::{EngineError, Fault};
use super::filters;
use super::library::Library;
use super::limits::Limits;
use super::output::{self, Bounded};
use super::trace::Reads;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{ValueKind, merge_maps};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use std::sync::Arc;

/// What templates read: a map of names.
#[derive(Debug, Clone)]
pub struct Values(Value);

/// Why values are none.
#[derive(Debug, thiserror::Error)]
pub enum ValuesError {
    /// It is no JSON.
    #[error("the values are no JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is something else than names with values.
    #[error("the values are no map, but {0}")]
    NoMap(ValueKind),
}

impl Values {
    /// Reads them from JSON, without a document in between.
    ///
    /// # Errors
    /// [`ValuesError`].
    pub fn from_json(json: &[u8]) -> Result<Self, ValuesError> {
        Self::new(serde_json::from_slice(json)?)
    }

    /// The same with one value more, from JSON: `item`.
    ///
    /// # Errors
    /// [`ValuesError::Json`].
    pub fn with_item(&self, json: &[u8]) -> Result<Self, ValuesError> {
        let item: Value = serde_json::from_slice(json)?;
        Ok(Self(merge_maps([Value::from_pairs([("item", item)]), self.0.clone()])))
    }

    /// Takes what is a value of the engine's already.
    ///
    /// # Errors
    /// [`ValuesError::NoMap`].
    pub fn new(value: Value) -> Result<Self, ValuesError> {
        match value.kind() {
            ValueKind::Map => Ok(Self(value)),
            kind => Err(ValuesError::NoMap(kind)),
        }
    }
}

/// A library, ready to render from. Templates are compiled when they are first needed.
#[derive(Debug)]
pub struct Engine {
    environment: Environment<'static>,
    library: Arc<Library>,
    limits: Limits,
}

impl Engine {
    /// With the library's templates and within these limits.
    pub fn new(library: Arc<Library>, limits: Limits) -> Self {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_syntax(syntax());
        // Errors name what was undefined. It costs nothing where nothing fails.
        environment.set_debug(true);
        environment.set_fuel(Some(limits.fuel));
        // A mode of ours, so that what macros and kept blocks have written counts as checked:
        // it went through the formatter.
        environment.set_auto_escape_callback(|_| AutoEscape::Custom("plain".into()));
        environment.set_formatter(output::formatter(limits));
        filters::register(&mut environment);
        let texts = Arc::clone(&library);
        environment.set_loader(move |name| Ok(texts.get(name).map(str::to_owned)));
        Self { environment, library, limits }
    }

    /// Renders one template.
    ///
    /// # Errors
    /// [`EngineError`]: where, why, and with which values.
    pub fn render(&self, template: &str, values: &Values) -> Result<String, EngineError> {
        let failure = match self.attempt(template, values.0.clone()) {
            Ok(text) => return Ok(text),
            Err(failure) => failure,
        };
        let error = EngineError::from_engine(template, &failure, &self.library);
        if !matches!(error.fault, Fault::Undefined | Fault::Value) {
            return Err(error);
        }
        // Once more, and watched: which values were read last before it failed.
        let reads = Reads::default();
        let again = self.attempt(template, reads.watching(&values.0));
        let is_same = |again: minijinja::Error| {
            (again.name(), again.range()) == (failure.name(), failure.range())
        };
        if again.is_err_and(is_same) {
            return Err(error.with_names(&failure, &reads, &self.library));
        }
        Err(error)
    }

    /// All templates that cannot be compiled, and why.
    pub fn problems(&self) -> Vec<EngineError> {
        let compiled = |name| self.environment.get_template(name).err().map(|err| (name, err));
        let failed = self.library.names().filter_map(compiled);
        failed.map(|(name, err)| EngineError::from_engine(name, &err, &self.library)).collect()
    }

    fn attempt(&self, template: &str, values: Value) -> Result<String, minijinja::Error> {
        let template = self.environment.get_template(template)?;
        let mut out = Bounded::new(self.limits.output_bytes);
        let rendered = template.render_captured_to(values, &mut out).map(drop);
        if out.is_full() {
            return Err(output::too_much(self.limits.output_bytes));
        }
        rendered?;
        Ok(out.into_text())
    }
}

/// Statements take their line with them, so that templates can be indented as they read best,
/// and the last line of a template ends like all others.
fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()
        .unwrap_or_default()
}
