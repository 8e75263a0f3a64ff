/// What is wrong with a state, by the fixed names (lease-kernel.md 16).
public enum InvariantViolation: String, Error, CaseIterable, Hashable, Sendable {
    case expirationBucketOverCapacity = "expiration_bucket_over_capacity"
    case wheelBucketOutOfOrder = "wheel_bucket_out_of_order"
    case wheelReferencesMissingReservation = "wheel_references_missing_reservation"
    case wheelReferencesUnreservedReservation = "wheel_references_unreserved_reservation"
    case wheelDeadlineMismatch = "wheel_deadline_mismatch"

    case availableResourceHasReservation = "available_resource_has_reservation"
    case activeResourceMissingReservationID = "active_resource_missing_reservation_id"
    case activeResourceMissingReservation = "active_resource_missing_reservation"
    case activeResourceMissingReservationMember = "active_resource_missing_reservation_member"
    case resourceReservationStateMismatch = "resource_reservation_state_mismatch"

    case reservationHasNoMembers = "reservation_has_no_members"
    case activeReservationHasRetireAfterSlot = "active_reservation_has_retire_after_slot"
    case terminalReservationMissingRetireAfterSlot =
        "terminal_reservation_missing_retire_after_slot"
    case activeReservationNotScheduled = "active_reservation_not_scheduled"
    case inactiveReservationStillScheduled = "inactive_reservation_still_scheduled"
    case reservationMissingMember = "reservation_missing_member"
    case reservationAnchorMismatch = "reservation_anchor_mismatch"
    case reservationDuplicateMemberResource = "reservation_duplicate_member_resource"
    case reservationMissingResource = "reservation_missing_resource"
    case reservationResourceStateMismatch = "reservation_resource_state_mismatch"
    case terminalReservationStillActiveOnResource =
        "terminal_reservation_still_active_on_resource"

    case orphanedReservationMember = "orphaned_reservation_member"
    case reservationMemberIndexOutOfRange = "reservation_member_index_out_of_range"
}
