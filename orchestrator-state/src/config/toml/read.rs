//! Reading TOML: from events with places to keys and values with places.

use std::borrow::Cow;
use std::ops::Range;

use jiff::civil::{Date, Time};
use toml_parser::decoder::ScalarKind;
use toml_parser::parser::{Event, EventKind, RecursionGuard, ValidateWhitespace, parse_document};
use toml_parser::{Expected, ParseError, Source};

use super::build::{Builder, Key};
use crate::config::error::MergeError;
use crate::config::plain::Plain;
use crate::config::tree::{Document, Kind, Node, position};

/// How deep brackets may be nested.
const MAX_DEPTH: u32 = 80;

pub(in crate::config) fn read(text: &str) -> Result<Document, MergeError> {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut events: Vec<Event> = Vec::new();
    let mut error: Option<ParseError> = None;
    let mut whitespace = ValidateWhitespace::new(&mut events, source);
    let mut guarded = RecursionGuard::new(&mut whitespace, MAX_DEPTH);
    parse_document(&tokens, &mut guarded, &mut error);
    if let Some(error) = error {
        return Err(syntax(text, &error));
    }
    let comments = events
        .iter()
        .filter(|event| event.kind() == EventKind::Comment)
        .map(span)
        .collect();
    events.retain(|event| {
        !matches!(
            event.kind(),
            EventKind::Comment | EventKind::Whitespace | EventKind::Newline
        )
    });
    let mut reader = Reader {
        source,
        events: events.into_iter(),
        peeked: None,
    };
    let mut builder = Builder::new(text);
    reader.document(&mut builder)?;
    Ok(Document {
        root: builder.finish(),
        is_blank: false,
        comments,
    })
}

fn span(event: &Event) -> Range<usize> {
    event.span().start()..event.span().end()
}

fn syntax(text: &str, error: &ParseError) -> MergeError {
    let mut message = error.description().to_owned();
    let expected: Vec<String> = error
        .expected()
        .unwrap_or_default()
        .iter()
        .map(|expected| match expected {
            Expected::Literal(literal) => format!("{literal:?}"),
            Expected::Description(description) => (*description).to_owned(),
            _ => "something else".to_owned(),
        })
        .collect();
    if !expected.is_empty() {
        message = format!("{message}, expected {}", expected.join(" or "));
    }
    let at = error.unexpected().or(error.context());
    refused(text, at.map_or(text.len(), |span| span.start()), message)
}

pub(super) fn refused(text: &str, at: usize, message: impl Into<String>) -> MergeError {
    let (line, column) = position(text, at);
    MergeError::Syntax {
        line,
        column,
        message: message.into(),
    }
}

pub(super) struct Reader<'t> {
    source: Source<'t>,
    events: std::vec::IntoIter<Event>,
    peeked: Option<Event>,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<Event> {
        self.peeked.take().or_else(|| self.events.next())
    }

    fn peek(&mut self) -> Option<EventKind> {
        if self.peeked.is_none() {
            self.peeked = self.events.next();
        }
        self.peeked.as_ref().map(Event::kind)
    }

    /// The parser has checked the order of events, so this is for what nobody thought of.
    fn unexpected(&self, event: Option<Event>) -> MergeError {
        let text = self.source.input();
        let at = event.map_or(text.len(), |event| event.span().start());
        refused(text, at, "this is not expected here")
    }

    fn document(&mut self, builder: &mut Builder<'_>) -> Result<(), MergeError> {
        while let Some(event) = self.next() {
            match event.kind() {
                EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                    let is_array = event.kind() == EventKind::ArrayTableOpen;
                    let first = self.next();
                    let keys = self.keys(first)?;
                    let close = self.next().ok_or_else(|| self.unexpected(None))?;
                    let header = event.span().start()..close.span().end();
                    builder.section(&keys, header, is_array)?;
                }
                EventKind::SimpleKey => {
                    let (keys, value) = self.key_value(event)?;
                    builder.value(&keys, value)?;
                }
                _ => return Err(self.unexpected(Some(event))),
            }
        }
        Ok(())
    }

    /// A key, an equals sign and a value.
    fn key_value(&mut self, first: Event) -> Result<(Vec<Key>, Node), MergeError> {
        let keys = self.keys(Some(first))?;
        match self.next() {
            Some(event) if event.kind() == EventKind::KeyValSep => {}
            other => return Err(self.unexpected(other)),
        }
        let first = self.next();
        Ok((keys, self.value(first)?))
    }

    /// A key with its dots.
    fn keys(&mut self, first: Option<Event>) -> Result<Vec<Key>, MergeError> {
        let mut keys = Vec::new();
        let mut next = first;
        loop {
            let event = match next {
                Some(event) if event.kind() == EventKind::SimpleKey => event,
                other => return Err(self.unexpected(other)),
            };
            let mut error: Option<ParseError> = None;
            let mut name = Cow::Borrowed("");
            let Some(raw) = self.source.get(event) else {
                return Err(self.unexpected(Some(event)));
            };
            raw.decode_key(&mut name, &mut error);
            if let Some(error) = error {
                return Err(syntax(self.source.input(), &error));
            }
            keys.push(Key {
                name: name.into_owned(),
                span: span(&event),
            });
            if keys.len() > MAX_DEPTH as usize {
                return Err(refused(
                    self.source.input(),
                    event.span().start(),
                    "too many dots",
                ));
            }
            if self.peek() != Some(EventKind::KeySep) {
                return Ok(keys);
            }
            self.next();
            next = self.next();
        }
    }

    fn value(&mut self, first: Option<Event>) -> Result<Node, MergeError> {
        let Some(event) = first else {
            return Err(self.unexpected(None));
        };
        match event.kind() {
            EventKind::Scalar => self.scalar(event),
            EventKind::ArrayOpen => {
                let mut nodes = Vec::new();
                loop {
                    match self.next() {
                        Some(close) if close.kind() == EventKind::ArrayClose => {
                            return Ok(Node {
                                span: event.span().start()..close.span().end(),
                                kind: Kind::Array(nodes),
                            });
                        }
                        Some(comma) if comma.kind() == EventKind::ValueSep => {}
                        first => nodes.push(self.value(first)?),
                    }
                }
            }
            EventKind::InlineTableOpen => {
                let mut builder = Builder::in_braces(self.source.input());
                loop {
                    match self.next() {
                        Some(close) if close.kind() == EventKind::InlineTableClose => {
                            let mut node = builder.finish();
                            node.span = event.span().start()..close.span().end();
                            return Ok(node);
                        }
                        Some(comma) if comma.kind() == EventKind::ValueSep => {}
                        Some(key) if key.kind() == EventKind::SimpleKey => {
                            let (keys, value) = self.key_value(key)?;
                            builder.value(&keys, value)?;
                        }
                        other => return Err(self.unexpected(other)),
                    }
                }
            }
            _ => Err(self.unexpected(Some(event))),
        }
    }

    fn scalar(&self, event: Event) -> Result<Node, MergeError> {
        let Some(raw) = self.source.get(event) else {
            return Err(self.unexpected(Some(event)));
        };
        let mut error: Option<ParseError> = None;
        let mut decoded = Cow::Borrowed("");
        let kind = raw.decode_scalar(&mut decoded, &mut error);
        if let Some(error) = error {
            return Err(syntax(self.source.input(), &error));
        }
        let plain = match kind {
            ScalarKind::String => Some(Plain::Text(decoded.to_string())),
            ScalarKind::Boolean(bool) => Some(Plain::Bool(bool)),
            ScalarKind::Integer(radix) => i64::from_str_radix(&decoded, radix.value())
                .ok()
                .map(|int| Plain::Int(int.into())),
            ScalarKind::Float => decoded
                .parse::<f64>()
                .ok()
                .filter(|float| !float.is_infinite() || decoded.contains("inf"))
                .map(Plain::float),
            ScalarKind::DateTime => is_date(&decoded).then(|| Plain::Words(decoded.to_string())),
        };
        match plain {
            Some(plain) => Ok(Node {
                span: span(&event),
                kind: Kind::Scalar(plain),
            }),
            None => {
                let message = kind.invalid_description();
                Err(refused(self.source.input(), event.span().start(), message))
            }
        }
    }
}

/// Whether words of the shape of a date or time name a real one.
fn is_date(words: &str) -> bool {
    let (date, time) = match words.split_once(['T', 't', ' ']) {
        Some((date, time)) => (Some(date), Some(time)),
        None if words.contains(':') => (None, Some(words)),
        None => (Some(words), None),
    };
    let time = time.map(|time| {
        let offset = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
        time.get(..offset).unwrap_or(time)
    });
    date.is_none_or(|date| date.parse::<Date>().is_ok())
        && time.is_none_or(|time| time.parse::<Time>().is_ok())
}
