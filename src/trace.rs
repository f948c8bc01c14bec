//! Traces across services: what a proxy says of the trace that a request belongs to (W3C Trace Context), and,
//! with the feature `otlp`, spans to a collector of OpenTelemetry.

use std::str::FromStr;

use uuid::Uuid;

/// A `traceparent` header: the trace, and the span in it that sent the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace: u128,
    span: u64,
    flags: u8,
}

/// It is not a `traceparent`.
#[derive(Debug, PartialEq, Eq)]
pub struct NoTraceParent;

impl FromStr for TraceParent {
    type Err = NoTraceParent;

    /// Reads `00-TRACE-SPAN-FLAGS` (W3C Trace Context, section 3.2); later versions may say more.
    fn from_str(text: &str) -> Result<Self, NoTraceParent> {
        let mut parts = text.trim().split('-');
        let mut hex = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits)?;
            let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            part.bytes()
                .all(is_hex)
                .then(|| u128::from_str_radix(part, 16).ok())?
        };
        let fields = (hex(2), hex(32), hex(16), hex(2));
        let (Some(version), Some(trace), Some(span), Some(flags)) = fields else {
            return Err(NoTraceParent);
        };
        let is_whole = version > 0 || parts.next().is_none();
        if version == 0xff || trace == 0 || span == 0 || !is_whole {
            return Err(NoTraceParent);
        }
        Ok(Self {
            trace,
            span: span as u64,
            flags: flags as u8,
        })
    }
}

impl TraceParent {
    /// The trace's id, which has as many bits as a UUID.
    pub fn id(&self) -> Uuid {
        Uuid::from_u128(self.trace)
    }

    /// Makes a span part of the trace.
    #[cfg(feature = "otlp")]
    pub fn adopt(&self, span: &tracing::Span) {
        use opentelemetry::Context;
        use opentelemetry::trace::{
            SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState,
        };
        use tracing_opentelemetry::OpenTelemetrySpanExt;

        let parent = SpanContext::new(
            TraceId::from(self.trace),
            SpanId::from(self.span),
            TraceFlags::new(self.flags),
            true,
            TraceState::default(),
        );
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }

    /// Makes a span part of the trace: without the feature `otlp` nobody is told.
    #[cfg(not(feature = "otlp"))]
    pub fn adopt(&self, _: &tracing::Span) {
        let _ = (self.span, self.flags);
    }
}

/// Names a span that has begun, after what is known of it only later.
#[cfg(feature = "otlp")]
pub fn name(span: &tracing::Span, name: impl FnOnce() -> String) {
    use opentelemetry::trace::TraceContextExt;
    use tracing_opentelemetry::OpenTelemetrySpanExt;

    span.context().span().update_name(name());
}

/// Names a span: without the feature `otlp` nobody is told.
#[cfg(not(feature = "otlp"))]
pub fn name(_: &tracing::Span, _: impl FnOnce() -> String) {}

/// Spans to a collector.
#[cfg(feature = "otlp")]
pub mod otlp {
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

    /// Sends spans until it is dropped, and then what is left.
    pub struct Exporter(SdkTracerProvider);

    impl Exporter {
        /// Begins to send spans where `OTEL_EXPORTER_OTLP_ENDPOINT` says, over HTTP, when it says something.
        /// The other variables of OpenTelemetry hold as well.
        pub fn begin() -> Option<(Self, SdkTracer)> {
            std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").filter(|url| !url.is_empty())?;
            let exporter = SpanExporter::builder()
                .with_http()
                .with_protocol(Protocol::HttpBinary)
                .build();
            let exporter = match exporter {
                Ok(exporter) => exporter,
                Err(error) => {
                    eprintln!("dateline: no spans are sent: {error}");
                    return None;
                }
            };
            let named = Resource::builder().with_service_name("dateline").build();
            let provider = SdkTracerProvider::builder()
                .with_batch_exporter(exporter)
                .with_resource(named)
                .build();
            let tracer = provider.tracer("dateline");
            Some((Self(provider), tracer))
        }
    }

    impl Drop for Exporter {
        fn drop(&mut self) {
            let _ = self.0.shutdown();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_taken_from_what_the_standard_allows() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent: TraceParent = text.parse().unwrap();
        assert_eq!(
            parent.id().simple().to_string(),
            "4bf92f3577b34da6a3ce929d0e0e4736"
        );
        // A later version may have more fields.
        assert!(
            format!("cc{}-what", &text[2..])
                .parse::<TraceParent>()
                .is_ok()
        );
        for wrong in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        ] {
            assert_eq!(wrong.parse::<TraceParent>(), Err(NoTraceParent), "{wrong}");
        }
    }
}
