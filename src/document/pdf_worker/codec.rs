//! Plain values as bytes: little-endian numbers, counted sequences, one byte that names a variant.
//!
//! Both sides are the same program, so nothing is self-describing; what makes it safe is that reading
//! never trusts a count: a sequence that claims more entries than there are bytes is malformed before
//! any memory is taken.

/// The bytes are not what the type is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed message")]
pub(super) struct Malformed;

/// A type that travels between the two processes.
pub(super) trait Wire: Sized {
    /// Appends the value.
    fn write(&self, out: &mut Vec<u8>);

    /// Takes the value from the front.
    fn read(input: &mut Input<'_>) -> Result<Self, Malformed>;
}

/// Bytes that have not been read yet.
pub(super) struct Input<'b> {
    rest: &'b [u8],
}

impl<'b> Input<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether everything was read: a message with a rest is malformed.
    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn take(&mut self, count: usize) -> Result<&'b [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    /// A count of things that take at least one byte each.
    fn count(&mut self) -> Result<usize, Malformed> {
        let count = usize::try_from(u32::read(self)?).map_err(|_too_large| Malformed)?;
        if count <= self.rest.len() { Ok(count) } else { Err(Malformed) }
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Wire for $number {
            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
                let (bytes, rest) = input.rest.split_first_chunk().ok_or(Malformed)?;
                input.rest = rest;
                Ok(Self::from_le_bytes(*bytes))
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, f32, f64);

/// A struct is its fields in this order.
macro_rules! wire_struct {
    ($name:ty { $($field:ident),* $(,)? }) => {
        impl Wire for $name {
            fn write(&self, out: &mut Vec<u8>) {
                $(self.$field.write(out);)*
            }

            fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
                Ok(Self { $($field: Wire::read(input)?),* })
            }
        }
    };
}

/// An enum without fields is one byte.
macro_rules! wire_enum {
    ($name:ident { $($number:literal => $variant:ident),* $(,)? }) => {
        impl Wire for $name {
            fn write(&self, out: &mut Vec<u8>) {
                out.push(match self { $(Self::$variant => $number),* });
            }

            fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
                match u8::read(input)? {
                    $($number => Ok(Self::$variant),)*
                    _ => Err(Malformed),
                }
            }
        }
    };
}

pub(super) use {wire_enum, wire_struct};

impl Wire for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        match u8::read(input)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }
}

impl Wire for char {
    fn write(&self, out: &mut Vec<u8>) {
        u32::from(*self).write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        char::from_u32(u32::read(input)?).ok_or(Malformed)
    }
}

/// Written in 8 bytes, so that both sides may have any word size.
impl Wire for usize {
    fn write(&self, out: &mut Vec<u8>) {
        (*self as u64).write(out);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Self::try_from(u64::read(input)?).map_err(|_too_large| Malformed)
    }
}

impl Wire for [u8; 3] {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok([u8::read(input)?, u8::read(input)?, u8::read(input)?])
    }
}

impl Wire for String {
    fn write(&self, out: &mut Vec<u8>) {
        write_count(self.len(), out);
        out.extend_from_slice(self.as_bytes());
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let count = input.count()?;
        let text = std::str::from_utf8(input.take(count)?).map_err(|_not_utf8| Malformed)?;
        Ok(text.to_owned())
    }
}

/// A run of bytes that is copied whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Wire for Bytes {
    fn write(&self, out: &mut Vec<u8>) {
        write_count(self.0.len(), out);
        out.extend_from_slice(&self.0);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let count = input.count()?;
        Ok(Self(input.take(count)?.to_vec()))
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        write_count(self.len(), out);
        for entry in self {
            entry.write(out);
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        // `count` entries need at least as many bytes, so what a liar can make us reserve is bounded
        // by what he sent; growing by need keeps it within a small multiple of that.
        let count = input.count()?;
        (0..count).map(|_| T::read(input)).collect()
    }
}

impl<T: Wire> Wire for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.is_some().write(out);
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Ok(if bool::read(input)? { Some(T::read(input)?) } else { None })
    }
}

/// Longer sequences do not fit into a message anyway.
fn write_count(count: usize, out: &mut Vec<u8>) {
    u32::try_from(count).unwrap_or(u32::MAX).write(out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Wire + PartialEq + std::fmt::Debug>(value: &T) {
        let mut bytes = Vec::new();
        value.write(&mut bytes);
        let mut input = Input::new(&bytes);
        assert_eq!(T::read(&mut input).as_ref(), Ok(value));
        assert!(input.is_at_end());
        for len in 0..bytes.len() {
            assert!(T::read(&mut Input::new(&bytes[..len])).is_err(), "{value:?} cut to {len}");
        }
    }

    #[test]
    fn values_come_back_and_a_missing_byte_is_seen() {
        check(&7_u8);
        check(&f64::MIN_POSITIVE);
        check(&'\u{10FFFF}');
        check(&"größer".to_owned());
        check(&Some(vec![true, false]));
        check(&Bytes(vec![1, 2, 3]));
        check(&[1_u8, 2, 3]);
    }

    #[test]
    fn a_count_beyond_the_bytes_takes_no_memory() {
        let bytes = u32::MAX.to_le_bytes();
        assert_eq!(Vec::<u8>::read(&mut Input::new(&bytes)), Err(Malformed));
        assert_eq!(Bytes::read(&mut Input::new(&bytes)), Err(Malformed));
        assert_eq!(String::read(&mut Input::new(&bytes)), Err(Malformed));
    }

    #[test]
    fn what_no_value_is_written_as_is_refused() {
        assert_eq!(bool::read(&mut Input::new(&[2])), Err(Malformed));
        assert_eq!(char::read(&mut Input::new(&0xD800_u32.to_le_bytes())), Err(Malformed));
        assert_eq!(String::read(&mut Input::new(&[1, 0, 0, 0, 0xFF])), Err(Malformed));
    }
}
