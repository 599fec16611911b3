//! Answers of the server as the shared types, read out of what the browser's own JSON parser made of them.
//!
//! serde_json would bring a second parser, and of what serde derives only that is compiled which is called: here the fields are
//! given in the order of their declaration, without names, and what is wrong is not put into words, which keeps the module
//! small. What it expects: enums as a string, or as an object whose `type` names the variant (`serde(tag = "type")`, which in
//! the browser is left to this module).

use js_sys::{Array, JSON, Reflect};
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use std::fmt;
use wasm_bindgen::{JsCast, JsValue};

/// The value is not of the type that was asked for.
#[derive(Debug)]
pub struct Unfit;

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the data are of another form than the page knows")
    }
}

impl std::error::Error for Unfit {}

impl de::Error for Unfit {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }

    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self
    }

    fn invalid_value(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self
    }

    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        Self
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }

    fn missing_field(_: &'static str) -> Self {
        Self
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}

/// Text as a type.
///
/// # Errors
/// Where it is no JSON, or not of this type.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Unfit> {
    read(JSON::parse(text).map_err(|_| Unfit)?)
}

/// A value that the browser has parsed, as a type.
///
/// # Errors
/// Where it is not of this type.
pub fn read<T: DeserializeOwned>(value: JsValue) -> Result<T, Unfit> {
    T::deserialize(Json(value))
}

struct Json(JsValue);

/// Undefined where there is none.
fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

fn is_nothing(value: &JsValue) -> bool {
    value.is_null() || value.is_undefined()
}

impl Json {
    fn number(&self) -> Result<f64, Unfit> {
        self.0.as_f64().ok_or(Unfit)
    }

    fn text(&self) -> Result<String, Unfit> {
        self.0.as_string().ok_or(Unfit)
    }

    fn elements(self) -> Result<Elements, Unfit> {
        if Array::is_array(&self.0) { Ok(Elements { array: self.0.into(), next: 0 }) } else { Err(Unfit) }
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $kind:ty),+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
            visitor.$visit(self.number()? as $kind)
        })+
    };
}

impl<'de> Deserializer<'de> for Json {
    type Error = Unfit;

    numbers! {
        deserialize_u8 visit_u64 u64, deserialize_u16 visit_u64 u64, deserialize_u32 visit_u64 u64, deserialize_u64 visit_u64 u64,
        deserialize_i8 visit_i64 i64, deserialize_i16 visit_i64 i64, deserialize_i32 visit_i64 i64, deserialize_i64 visit_i64 i64
    }

    /// `null` is how JSON writes a number that is none.
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_f64(if self.0.is_null() { f64::NAN } else { self.number()? })
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_bool(self.0.as_bool().ok_or(Unfit)?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_string(self.text()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        if is_nothing(&self.0) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_seq(self.elements()?)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unfit> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, names: &'static [&'static str], visitor: V) -> Result<V::Value, Unfit> {
        if !self.0.is_object() {
            return Err(Unfit);
        }
        visitor.visit_seq(Fields { object: self.0, names, next: 0 })
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, names: &'static [&'static str], visitor: V) -> Result<V::Value, Unfit> {
        let tag = self.0.as_string().or_else(|| property(&self.0, "type").as_string()).ok_or(Unfit)?;
        let place = names.iter().position(|name| *name == tag).ok_or(Unfit)?;
        visitor.visit_enum(Variant { place, content: self })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        if !self.0.is_object() {
            return Err(Unfit);
        }
        let entries = js_sys::Object::entries(self.0.unchecked_ref());
        visitor.visit_map(Entries { entries, next: 0, value: JsValue::UNDEFINED })
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Unfit> {
        Err(Unfit)
    }

    serde::forward_to_deserialize_any! { i128 u128 char bytes byte_buf unit unit_struct tuple_struct identifier ignored_any }
}

/// A variant, by its place among the declared ones.
struct Place(usize);

impl<'de> Deserializer<'de> for Place {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_u64(self.0 as u64)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The declared fields of an object, one after the other.
struct Fields {
    object: JsValue,
    names: &'static [&'static str],
    next: usize,
}

impl<'de> SeqAccess<'de> for Fields {
    type Error = Unfit;

    /// Of a field that the object lacks: what its type makes of nothing (an `Option` none), else nothing, and serde takes the
    /// field's default or refuses.
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Unfit> {
        let Some(name) = self.names.get(self.next) else { return Ok(None) };
        self.next += 1;
        let value = property(&self.object, name);
        let is_missing = value.is_undefined();
        match seed.deserialize(Json(value)) {
            Err(Unfit) if is_missing => Ok(None),
            read => read.map(Some),
        }
    }
}

/// All that an object has, by name.
struct Entries {
    entries: Array,
    next: u32,
    value: JsValue,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Unfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unfit> {
        if self.next >= self.entries.length() {
            return Ok(None);
        }
        let pair: Array = self.entries.get(self.next).into();
        self.next += 1;
        self.value = pair.get(1);
        seed.deserialize(Json(pair.get(0))).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unfit> {
        seed.deserialize(Json(std::mem::replace(&mut self.value, JsValue::UNDEFINED)))
    }
}

struct Elements {
    array: Array,
    next: u32,
}

impl<'de> SeqAccess<'de> for Elements {
    type Error = Unfit;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Unfit> {
        if self.next >= self.array.length() {
            return Ok(None);
        }
        self.next += 1;
        seed.deserialize(Json(self.array.get(self.next - 1))).map(Some)
    }
}

struct Variant {
    place: usize,
    /// The object that holds the tag holds the rest as well.
    content: Json,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = Unfit;
    type Variant = Json;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Json), Unfit> {
        Ok((seed.deserialize(Place(self.place))?, self.content))
    }
}

impl<'de> VariantAccess<'de> for Json {
    type Error = Unfit;

    fn unit_variant(self) -> Result<(), Unfit> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Unfit> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Unfit> {
        Err(Unfit)
    }

    fn struct_variant<V: Visitor<'de>>(self, names: &'static [&'static str], visitor: V) -> Result<V::Value, Unfit> {
        self.deserialize_struct("", names, visitor)
    }
}
