/// Why a configuration is refused; the first rule that fails decides (lease-kernel.md 3).
public enum ConfigurationError: Error, Hashable, Sendable {
    /// The named field may not be zero.
    case zeroCapacity(Field)
    case bundleSizeTooLarge
    case historyWindowTooLarge
    case operationWindowTooLarge
    case bucketCapacityTooLarge
    case reservationMemberTableTooLarge
    case wheelTooLarge

    /// A field that may not be zero, by the name it has in files and messages.
    public enum Field: String, Hashable, Sendable {
        case maxResources = "max_resources"
        case maxReservations = "max_reservations"
        case maxOperations = "max_operations"
        case maxBundleSize = "max_bundle_size"
        case maxTTLSlots = "max_ttl_slots"
        case maxExpirationBucketLength = "max_expiration_bucket_len"
    }
}

extension KernelConfiguration {
    /// Checks every rule in the fixed order.
    public func validate() throws(ConfigurationError) {
        if maxResources == 0 { throw .zeroCapacity(.maxResources) }
        if maxReservations == 0 { throw .zeroCapacity(.maxReservations) }
        if maxOperations == 0 { throw .zeroCapacity(.maxOperations) }
        if maxBundleSize == 0 { throw .zeroCapacity(.maxBundleSize) }
        if maxTTLSlots == 0 { throw .zeroCapacity(.maxTTLSlots) }
        if maxExpirationBucketLength == 0 { throw .zeroCapacity(.maxExpirationBucketLength) }
        if maxBundleSize > maxResources { throw .bundleSizeTooLarge }
        if reservationHistoryWindowSlots > maxTTLSlots { throw .historyWindowTooLarge }
        if maxTTLSlots.addingReportingOverflow(maxClientRetryWindowSlots).overflow {
            throw .operationWindowTooLarge
        }
        if maxExpirationBucketLength > maxReservations { throw .bucketCapacityTooLarge }
        if Int(exactly: UInt64(maxReservations) * UInt64(maxBundleSize)) == nil {
            throw .reservationMemberTableTooLarge
        }
        if maxTTLSlots == .max { throw .wheelTooLarge }
    }

    /// How long an operation is remembered. Meaningful once `validate` has passed; saturates
    /// otherwise.
    public var operationWindowSlots: UInt64 {
        let (sum, overflow) = maxTTLSlots.addingReportingOverflow(maxClientRetryWindowSlots)
        return overflow ? .max : sum
    }

    /// Most member records of all reservations together.
    public var memberTableCapacity: UInt64 { UInt64(maxReservations) * UInt64(maxBundleSize) }

    /// Number of expiration buckets. Meaningful once `validate` has passed; saturates otherwise.
    public var wheelLength: UInt64 { maxTTLSlots == .max ? .max : maxTTLSlots + 1 }
}
