//! An interner as the list of its strings: the place in the list is the symbol.

use std::fmt;

use lasso::{Key, Spur};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, SeqAccess, Visitor},
    ser::{self, SerializeSeq},
};

use super::{Interner, Symbol};

/// The strings in the order in which they came. Symbols that are written beside it mean the same
/// strings when both are read again. It fails while somebody else interns.
impl Serialize for Interner {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let count = self.len();
        let mut list = serializer.serialize_seq(Some(count))?;
        for index in 0..count {
            let known = self.strings.get(index).or_else(|| {
                let spur = Spur::try_from_usize(index)?;
                self.map.try_resolve(&spur)
            });
            let string = known.ok_or_else(|| {
                ser::Error::custom("a string is being interned: serialize when nobody interns")
            })?;
            list.serialize_element(string)?;
        }
        list.end()
    }
}

/// With the default configuration.
impl<'de> Deserialize<'de> for Interner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Strings;

        impl<'de> Visitor<'de> for Strings {
            type Value = Interner;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of different strings")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Interner, A::Error> {
                let interner = Interner::default();
                let mut index = 0;
                while let Some(string) = list.next_element::<String>()? {
                    let symbol = interner.intern(&string).map_err(de::Error::custom)?;
                    if Some(symbol) != Symbol::at(index) {
                        let words = format!("the string {string:?} is in the list twice");
                        return Err(de::Error::custom(words));
                    }
                    index += 1;
                }
                Ok(interner)
            }
        }

        deserializer.deserialize_seq(Strings)
    }
}
