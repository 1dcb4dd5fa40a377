//! File: weights as bytes.
//! In: a `Model`. Out: bytes; and back.
//! Invariant: a file that was altered anywhere is refused.
//! Not here: paths, reading and writing.

use super::model::{Head, LANES, LOG_BUCKETS, Model};
use super::{CUES, OUTPUTS};
use crate::text::hash;

const MAGIC: &[u8; 8] = b"SW-CUES\n";
const VERSION: u32 = 1;
const ENTRY: usize = 4 + OUTPUTS;

/// Why weights were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// Not weights at all.
    #[error("these bytes are not cue weights: they do not begin with `SW-CUES`")]
    Foreign,
    /// Made by another version.
    #[error(
        "cue weights have version {found}, this build reads version {VERSION}; train them again with `stillwatch train`"
    )]
    Version {
        /// The version found.
        found: u32,
    },
    /// Cut short, or altered.
    #[error(
        "cue weights are damaged: their checksum does not match; copy them again or train them again with `stillwatch train`"
    )]
    Damaged,
}

impl Model {
    /// The weights as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        for figure in [CUES as u32, OUTPUTS as u32, LOG_BUCKETS, self.features() as u32] {
            out.extend_from_slice(&figure.to_le_bytes());
        }
        for head in &self.heads {
            for figure in [head.scale, head.bias, head.threshold] {
                out.extend_from_slice(&figure.to_le_bytes());
            }
        }
        for (bucket, (&tag, row)) in self.tags.iter().zip(&self.rows).enumerate() {
            if tag != 0 {
                out.extend_from_slice(&(bucket as u16).to_le_bytes());
                out.extend_from_slice(&tag.to_le_bytes());
                out.extend(row.0[..OUTPUTS].iter().map(|&weight| weight as u8));
            }
        }
        let sum = hash(&out);
        out.extend_from_slice(&sum.to_le_bytes());
        out
    }

    /// Weights from bytes.
    ///
    /// # Errors
    /// Refuses bytes that `to_bytes` of this version did not make.
    pub fn from_bytes(bytes: &[u8]) -> Result<Model, WeightsError> {
        let mut rest = Reader(bytes.strip_prefix(MAGIC.as_slice()).ok_or(WeightsError::Foreign)?);
        let found = rest.u32()?;
        if found != VERSION {
            return Err(WeightsError::Version { found });
        }
        let (body, sum) = bytes.split_last_chunk::<8>().ok_or(WeightsError::Damaged)?;
        if hash(body) != u64::from_le_bytes(*sum) {
            return Err(WeightsError::Damaged);
        }
        let shape = [rest.u32()?, rest.u32()?, rest.u32()?];
        if shape != [CUES as u32, OUTPUTS as u32, LOG_BUCKETS] {
            return Err(WeightsError::Damaged);
        }
        let features = rest.u32()? as usize;
        let mut model = Model::empty();
        for head in &mut model.heads {
            *head = Head { scale: rest.f32()?, bias: rest.f32()?, threshold: rest.f32()? };
        }
        if rest.0.len() != features * ENTRY + 8 {
            return Err(WeightsError::Damaged);
        }
        for _ in 0..features {
            let bucket = usize::from(u16::from_le_bytes(rest.take()?));
            let tag = u16::from_le_bytes(rest.take()?);
            let weights: [u8; OUTPUTS] = rest.take()?;
            let (Some(slot), Some(row)) = (model.tags.get_mut(bucket), model.rows.get_mut(bucket)) else {
                return Err(WeightsError::Damaged);
            };
            *slot = tag;
            let mut lanes = [0; LANES];
            for (lane, weight) in lanes.iter_mut().zip(weights) {
                *lane = weight as i8;
            }
            row.0 = lanes;
        }
        Ok(model)
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], WeightsError> {
        let (first, rest) = self.0.split_first_chunk::<N>().ok_or(WeightsError::Damaged)?;
        self.0 = rest;
        Ok(*first)
    }

    fn u32(&mut self) -> Result<u32, WeightsError> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    fn f32(&mut self) -> Result<f32, WeightsError> {
        Ok(f32::from_le_bytes(self.take()?))
    }
}
