//! The store's side of its journal.

/// Rows that were read from the disk, of a table that nobody has opened yet: by the JSON of the key,
/// the version that wrote the row and the JSON of the value.
pub(super) type StagedTable = std::collections::BTreeMap<String, (u64, String)>;

/// One store's journal.
pub(super) enum Durable {}

pub(super) enum Ticket {}

impl Ticket {
    pub(super) fn wait(self) -> Result<(), crate::AppendError> {
        match self {}
    }
}
impl std::future::Future for Ticket {
    type Output = Result<(), crate::AppendError>;
    fn poll(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        match *self {}
    }
}

impl Durable {
    pub(super) fn encode(&self, _: &super::commit::TableSets) -> Result<Vec<u8>, super::StoreError> {
        match *self {}
    }
    pub(super) fn submit(&self, _: &[u8], _: u64) -> Result<Ticket, crate::AppendError> {
        match *self {}
    }
    pub(super) fn ticket(&self, _: u64) -> Ticket {
        match *self {}
    }
}
