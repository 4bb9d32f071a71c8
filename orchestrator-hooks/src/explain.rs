//! Why a hook stands where it stands.

use std::{fmt, sync::Arc};

use petgraph::stable_graph::NodeIndex;

use crate::{Phase, Relation, order::Order, spec::Spec};

/// A constraint between two hooks, seen from one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Link {
    /// The other hook.
    pub other: String,
    /// The hook that declared the constraint: this one or the other.
    pub asked_by: String,
    /// The name or label that the constraint names.
    pub target: String,
}

/// Everything that decides the place of one hook.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepReason {
    /// The hook's name.
    pub name: String,
    /// Its phase, which decides first.
    pub phase: Phase,
    /// Its priority, which decides among the hooks that the constraints leave free.
    pub priority: i32,
    /// The hooks that it has to wait for.
    pub after: Vec<Link>,
    /// The hooks that have to wait for it.
    pub before: Vec<Link>,
    /// Its own constraints that name a hook which is no longer registered.
    pub lapsed: Vec<(Relation, String)>,
}

impl StepReason {
    fn new(order: &Order, spec: &Spec, node: NodeIndex) -> Self {
        let links = |side| {
            let neighbours = order.neighbours(node, side).into_iter();
            let mut links: Vec<Link> = neighbours
                .map(|neighbour| Link {
                    other: neighbour.other.to_owned(),
                    asked_by: neighbour.asked_by.to_owned(),
                    target: neighbour.target.to_owned(),
                })
                .collect();
            // The order of edges is the order of registration, which must not show.
            links.sort_by(|a, b| {
                (&a.other, &a.asked_by, &a.target).cmp(&(&b.other, &b.asked_by, &b.target))
            });
            links.dedup();
            links
        };
        let lapsed = order.lapsed(node);
        Self {
            name: spec.name.clone(),
            phase: spec.phase,
            priority: spec.priority,
            after: links(Relation::After),
            before: links(Relation::Before),
            lapsed: lapsed
                .map(|(side, target)| (side, target.to_owned()))
                .collect(),
        }
    }
}

/// Why each hook of a plan stands where it stands; prints one hook a line.
///
/// ```text
/// before-command: 2 hooks, by phase, then constraints, then priority, then name
///   1. trim   early   priority 0   before guard (`guard` asks)
///   2. guard  normal  priority 0   after trim
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The event's name.
    pub event: &'static str,
    /// The hooks, first to last.
    pub steps: Vec<StepReason>,
}

impl Explanation {
    /// Of hooks in the order in which they run. The links are found again from the constraints,
    /// so that a plan need not carry them for the few who ask.
    pub(crate) fn new<'a>(
        event: &'static str,
        specs: impl ExactSizeIterator<Item = &'a Arc<Spec>> + Clone,
    ) -> Self {
        let mut order = Order::default();
        let nodes: Vec<NodeIndex> = specs.clone().map(|spec| order.insert(spec)).collect();
        let steps = specs.zip(nodes);
        let steps = steps.map(|(spec, node)| StepReason::new(&order, spec, node));
        Self {
            event,
            steps: steps.collect(),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.steps.len();
        let noun = if count == 1 { "hook" } else { "hooks" };
        write!(
            f,
            "{}: {count} {noun}, by phase, then constraints, then priority, then name",
            self.event
        )?;
        let width = self
            .steps
            .iter()
            .map(|step| step.name.chars().count())
            .max()
            .unwrap_or(0);
        for (number, step) in (1..).zip(&self.steps) {
            let StepReason {
                name,
                phase,
                priority,
                ..
            } = step;
            write!(
                f,
                "\n{number:>3}. {name:width$}  {phase:6}  priority {priority}"
            )?;
            let mut separator = "   ";
            for (side, links) in [
                (Relation::After, &step.after),
                (Relation::Before, &step.before),
            ] {
                for link in links {
                    write!(f, "{separator}{side} {}", link.other)?;
                    match (link.asked_by == step.name, link.target == link.other) {
                        (true, true) => {}
                        (true, false) => write!(f, " (label `{}`)", link.target)?,
                        (false, _) => write!(f, " (`{}` asks)", link.asked_by)?,
                    }
                    separator = "; ";
                }
            }
            for (side, target) in &step.lapsed {
                write!(f, "{separator}{side} {target} (lapsed: not registered)")?;
                separator = "; ";
            }
        }
        Ok(())
    }
}
