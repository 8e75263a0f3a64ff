public import LeaseKernel

/// A request or a response that is not one (wire-api.md 1.1). The first offending byte in field
/// order decides; left-over bytes are noticed only after everything else.
public enum ClientCodecError: Error, Hashable, Sendable {
    /// The kinds of discriminants, by the names that diagnostics carry.
    public enum Kind: String, Sendable {
        case optionalU64 = "optional_u64"
        case optionalU128 = "optional_u128"
        case bool
        case resultCode = "result_code"
        case submissionErrorCategory = "submission_error_category"
        case submissionFailureCode = "submission_failure_code"
        case invalidRequestReason = "invalid_request_reason"
        case slotOverflowKind = "slot_overflow_kind"
        case resourceState = "resource_state"
        case leaseState = "lease_state"
        case recoveryStartupKind = "recovery_startup_kind"
    }

    case bufferTooShort
    case invalidRequestTag(UInt8)
    case invalidResponseTag(UInt8)
    case invalidEnumValue(Kind, UInt8)
    case invalidLayout
    /// Encoding only: a byte string or list longer than 2^32-1.
    case lengthTooLarge

    /// The name in specifications and test data.
    public var name: String {
        switch self {
        case .bufferTooShort: "buffer_too_short"
        case .invalidRequestTag: "invalid_request_tag"
        case .invalidResponseTag: "invalid_response_tag"
        case .invalidEnumValue: "invalid_enum_value"
        case .invalidLayout: "invalid_layout"
        case .lengthTooLarge: "length_too_large"
        }
    }
}

extension ClientCodecError: DebugTextual {
    /// The form in text replies (wire-api.md 7.4).
    public var debugText: String {
        switch self {
        case .bufferTooShort: "BufferTooShort"
        case .invalidRequestTag(let tag): "InvalidRequestTag(\(tag))"
        case .invalidResponseTag(let tag): "InvalidResponseTag(\(tag))"
        case .invalidEnumValue(let kind, let value):
            "InvalidEnumValue { kind: \"\(kind.rawValue)\", value: \(value) }"
        case .invalidLayout: "InvalidLayout"
        case .lengthTooLarge: "LengthTooLarge"
        }
    }
}
