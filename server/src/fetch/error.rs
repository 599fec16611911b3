//! Why a picture could not be had.

use std::time::Duration;

/// Why a candidate's bytes could not be had. It costs that candidate alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    #[error("the picture is not there any more")]
    NotFound,
    /// The path leaves its pool.
    #[error("the path leaves the pool's folder")]
    OutsidePool,
    #[error("the picture is larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the picture has {width}×{height} pixels, more than the {limit} allowed")]
    TooManyPixels { width: u32, height: u32, limit: u64 },
    /// By its first bytes.
    #[error("what came is no picture that is read here")]
    NotAPicture,
    #[error("the picture took too long to arrive")]
    Timeout,
    /// The address is none that may be asked: the text says which rule it breaks, and holds nothing of the address.
    #[error("the address is refused: {0}")]
    Refused(&'static str),
    /// The host is, or resolves to, an address that must not be reached.
    #[error("the host's address is refused: {0}")]
    RefusedHost(&'static str),
    #[error("there were more than {limit} redirects")]
    TooManyRedirects { limit: usize },
    /// No connection, or no address for the name.
    #[error("the host cannot be reached: {0}")]
    Unreachable(String),
    /// The host failed so often that it is left alone for a while.
    #[error("the host failed too often and is left alone for now")]
    HostDown,
    #[error("the host asks for fewer requests")]
    RateLimited { retry_after: Option<Duration> },
    #[error("the host does not give the picture to us")]
    Forbidden,
    /// 5xx and what else says that the host, not the picture, is at fault.
    #[error("the host failed with status {status}")]
    Server { status: u16, retry_after: Option<Duration> },
    #[error("the host answered with status {0}")]
    Status(u16),
    /// Cut off before its end.
    #[error("the connection ended before the picture did")]
    Interrupted,
    /// The whole job's time is over.
    #[error("the request's time was over before the picture was there")]
    Deadline,
    #[error("the request was cancelled")]
    Cancelled,
    /// No fetcher for this kind of address is configured.
    #[error("addresses of this kind are not fetched here")]
    Unsupported,
    #[error("the bytes could not be read: {0}")]
    Io(String),
}

impl FetchError {
    /// The diagnostic kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::OutsidePool => "outside_pool",
            Self::TooLarge { .. } => "too_large",
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::NotAPicture => "not_a_picture",
            Self::Timeout => "timeout",
            Self::Refused(_) => "refused_address",
            Self::RefusedHost(_) => "refused_host",
            Self::TooManyRedirects { .. } => "too_many_redirects",
            Self::Unreachable(_) => "unreachable",
            Self::HostDown => "host_down",
            Self::RateLimited { .. } => "rate_limited",
            Self::Forbidden => "forbidden",
            Self::Server { .. } => "server_error",
            Self::Status(_) => "http_error",
            Self::Interrupted => "interrupted",
            Self::Deadline => "deadline",
            Self::Cancelled => "cancelled",
            Self::Unsupported => "unsupported_address",
            Self::Io(_) => "unreadable",
        }
    }

    /// Whether the same request may succeed when it is made again: connect errors, time-outs, broken connections, 408,
    /// 425, 429 and 5xx, and nothing else.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Timeout | Self::Interrupted | Self::RateLimited { .. } | Self::Server { .. })
    }

    /// How long the host asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after } | Self::Server { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether it says something about the job rather than about the picture: no alternate is worth a try.
    pub fn ends_the_job(&self) -> bool {
        matches!(self, Self::Deadline | Self::Cancelled)
    }
}
