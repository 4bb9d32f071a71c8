//! What our records say about an item, part by part.

use super::TodoDocument;
use super::edit::EditError;
use super::item::{Status, TodoItem};

/// What our records say about an item. A [`Status`] becomes one that says no more than that.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownItem {
    /// How far it is.
    pub status: Status,
    /// Its title, if that is kept.
    pub title: Option<String>,
    /// Who is at it, if that is kept; `Some(None)` is nobody.
    pub agent: Option<Option<String>>,
    /// For what it waits, if that is kept.
    pub depends: Option<Vec<String>>,
    /// What it touches, if that is kept.
    pub files: Option<Vec<String>>,
}

impl From<Status> for KnownItem {
    fn from(status: Status) -> Self {
        Self {
            status,
            title: None,
            agent: None,
            depends: None,
            files: None,
        }
    }
}

/// All that an item says.
impl From<&TodoItem> for KnownItem {
    fn from(item: &TodoItem) -> Self {
        Self {
            status: item.status(),
            title: Some(item.title.clone()),
            agent: Some(item.agent.clone()),
            depends: Some(item.depends.clone()),
            files: Some(item.files.clone()),
        }
    }
}

/// A part of an item, other than its status, that our records may keep.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Title,
    Agent,
    Depends,
    Files,
}

impl Part {
    pub(super) const ALL: [Self; 4] = [Self::Title, Self::Agent, Self::Depends, Self::Files];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Agent => "agent",
            Self::Depends => "depends",
            Self::Files => "file",
        }
    }

    pub(super) fn of_item(self, item: &TodoItem) -> Vec<String> {
        match self {
            Self::Title => vec![item.title.clone()],
            Self::Agent => item.agent.clone().into_iter().collect(),
            Self::Depends => item.depends.clone(),
            Self::Files => item.files.clone(),
        }
    }

    pub(super) fn of_known(self, known: &KnownItem) -> Option<Vec<String>> {
        match self {
            Self::Title => known.title.clone().map(|title| vec![title]),
            Self::Agent => known.agent.clone().map(|agent| agent.into_iter().collect()),
            Self::Depends => known.depends.clone(),
            Self::Files => known.files.clone(),
        }
    }

    pub(super) fn set(
        self,
        document: &mut TodoDocument,
        index: usize,
        value: &[String],
    ) -> Result<(), EditError> {
        match self {
            Self::Title => document.set_title_at(index, &value.concat()),
            Self::Agent => document.set_agent_at(index, value.first().map(String::as_str)),
            Self::Depends => document.set_depends_at(index, value),
            Self::Files => document.set_files_at(index, value),
        }
    }
}
