//! Which package a file is in, and which packages have to change together.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    folder: String,
    depends: Vec<String>,
}

/// Reads the answer of the `packages` tool.
pub(super) fn read(answer: &Value) -> Vec<Package> {
    serde_json::from_value(answer["packages"].clone()).unwrap_or_default()
}

/// The package that a file is in: the one with the deepest folder above it.
pub(super) fn package_of<'a>(packages: &'a [Package], path: &str) -> Option<&'a str> {
    let holds = |package: &&Package| {
        package.folder.is_empty()
            || path
                .strip_prefix(&package.folder)
                .is_some_and(|rest| rest.starts_with('/'))
    };
    let deepest = packages
        .iter()
        .filter(holds)
        .max_by_key(|package| package.folder.len());
    deepest.map(|package| package.name.as_str())
}

/// Splits `names` into sets that do not depend on each other, directly or
/// through other packages.
pub(super) fn components(packages: &[Package], names: &BTreeSet<&str>) -> Vec<BTreeSet<String>> {
    let depends: BTreeMap<&str, &[String]> = packages
        .iter()
        .map(|p| (p.name.as_str(), p.depends.as_slice()))
        .collect();
    let reachable = |from: &str| {
        let mut seen = BTreeSet::from([from.to_owned()]);
        let mut open = vec![from.to_owned()];
        while let Some(name) = open.pop() {
            for next in depends.get(name.as_str()).copied().unwrap_or_default() {
                if seen.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        seen
    };
    let mut sets: Vec<BTreeSet<String>> = Vec::new();
    for name in names {
        let reached = reachable(name);
        let mut joined = BTreeSet::from([(*name).to_owned()]);
        sets.retain(|set| {
            let touches = set
                .iter()
                .any(|other| reached.contains(other) || reachable(other).contains(*name));
            if touches {
                joined.extend(set.iter().cloned());
            }
            !touches
        });
        sets.push(joined);
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, folder: &str, depends: &[&str]) -> Package {
        Package {
            name: name.into(),
            folder: folder.into(),
            depends: depends.iter().map(|d| (*d).to_owned()).collect(),
        }
    }

    #[test]
    fn the_deepest_package_holds_a_file() {
        let all = [
            package("root", "", &[]),
            package("a", "a", &[]),
            package("ab", "a/b", &[]),
        ];
        assert_eq!(package_of(&all, "a/b/src/x.rs"), Some("ab"));
        assert_eq!(package_of(&all, "ab/src/x.rs"), Some("root"));
        assert_eq!(package_of(&all[1..], "c/x.rs"), None);
    }

    #[test]
    fn packages_that_reach_each_other_stay_together() {
        let all = [
            package("app", "app", &["middle"]),
            package("middle", "middle", &["base"]),
            package("base", "base", &[]),
            package("other", "other", &["base"]),
            package("alone", "alone", &[]),
        ];
        let of = |names: &[&'static str]| components(&all, &names.iter().copied().collect()).len();
        assert_eq!(of(&["app", "base"]), 1);
        assert_eq!(of(&["app", "other"]), 2);
        assert_eq!(of(&["app", "other", "base"]), 1);
        assert_eq!(of(&["app", "alone"]), 2);
    }
}
