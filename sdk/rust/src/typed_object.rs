//! Reading an object of a union or interface, whose fields depend on its type.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// An object that has not been read yet.
#[derive(Debug)]
pub(crate) struct TypedObject(Map<String, Value>);

impl<'de> Deserialize<'de> for TypedObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self)
    }
}

impl TypedObject {
    /// What `__typename` says; without it, an object that holds anything is of the `assumed` type, because
    /// the document selects fields of that one type only.
    pub(crate) fn type_name<'a>(&'a self, assumed: Option<&'a str>) -> Option<&'a str> {
        match self.0.get("__typename") {
            Some(type_name) => type_name.as_str(),
            None if self.0.is_empty() => None,
            None => assumed,
        }
    }

    /// Reads the fields.
    pub(crate) fn read<T: DeserializeOwned, E: Error>(self) -> Result<T, E> {
        serde_json::from_value(Value::Object(self.0)).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use crate::{GetAttachmentAttachment, ListForumPostsFromForumFeedPostsPosts};
    use serde_json::json;

    #[test]
    fn the_type_name_chooses_the_case_and_a_new_type_keeps_the_common_fields() {
        let mut object = json!({
            "__typename": "ImageAttachment", "id": "file_1", "analyzed": true, "byteSizeV2": "12",
            "source": { "url": "https://files.test/1" }, "width": 3, "height": 4,
        });
        let image: GetAttachmentAttachment = serde_json::from_value(object.clone()).unwrap();
        let GetAttachmentAttachment::ImageAttachment(image) = image else {
            panic!("read as {image:?}");
        };
        assert_eq!((image.width, image.height), (Some(3), Some(4)));

        object["__typename"] = json!("HologramAttachment");
        let other: GetAttachmentAttachment = serde_json::from_value(object).unwrap();
        assert!(matches!(other, GetAttachmentAttachment::Other(other) if other.id == "file_1"));
    }

    #[test]
    fn without_type_names_an_empty_object_is_of_another_type_and_a_bad_field_is_an_error() {
        let read = serde_json::from_value::<Vec<ListForumPostsFromForumFeedPostsPosts>>;
        assert_eq!(read(json!([{}])).unwrap(), [ListForumPostsFromForumFeedPostsPosts::Other]);
        assert!(read(json!([{ "id": 5 }])).is_err());
    }
}
