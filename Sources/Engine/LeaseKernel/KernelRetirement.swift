import BoundedCollections

// Forgetting what is past its window (lease-kernel.md 11). Driven by applied commands only.

extension Kernel {
    /// Reservations first, then operations; only the front of each queue is looked at.
    mutating func retire(at currentSlot: Slot) {
        while let entry = reservationQueue.front, currentSlot > entry.retireAfter {
            reservationQueue.pop()
            guard let reservation = reservations[entry.key],
                reservation.retireAfter == entry.retireAfter
            else { continue }
            reservations[entry.key] = nil
            memberCount -= UInt64(reservation.members.count)
            maxRetiredReservation = max(maxRetiredReservation ?? entry.key, entry.key)
        }
        while let entry = operationQueue.front, currentSlot > entry.retireAfter {
            operationQueue.pop()
            guard operations[entry.key]?.retireAfter == entry.retireAfter else { continue }
            operations[entry.key] = nil
        }
    }

    mutating func remember(_ record: OperationRecord) {
        operations[record.id] = record
        do {
            try operationQueue.push(record.id, retireAfter: record.retireAfter)
        } catch {
            // Late retries after a restart with smaller windows can leave more entries than
            // records (lease-kernel.md 11.1). Building the queue anew drops the stale ones, as
            // a restart would.
            rebuildOperationQueue()
        }
    }

    mutating func awaitRetirement(of id: ReservationID, after slot: Slot) {
        do {
            try reservationQueue.push(id, retireAfter: slot)
        } catch {
            rebuildReservationQueue()
        }
    }

    /// Both queues, as after a restore: by the slot and then by the LSN.
    mutating func rebuildQueues() {
        rebuildReservationQueue()
        rebuildOperationQueue()
    }

    private mutating func rebuildReservationQueue() {
        let entries = reservations.values
            .compactMap { record in record.retireAfter.map { (record, $0) } }
            .sorted { ($0.1, $0.0.createdLSN, $0.0.id) < ($1.1, $1.0.createdLSN, $1.0.id) }
            .map { RetireQueue.Entry(key: $0.0.id, retireAfter: $0.1) }
        reservationQueue = RetireQueue(
            capacity: Int(configuration.maxReservations), entries: entries)
    }

    private mutating func rebuildOperationQueue() {
        let entries = operations.values
            .sorted {
                ($0.retireAfter, $0.appliedLSN, $0.id) < ($1.retireAfter, $1.appliedLSN, $1.id)
            }
            .map { RetireQueue.Entry(key: $0.id, retireAfter: $0.retireAfter) }
        operationQueue = RetireQueue(capacity: Int(configuration.maxOperations), entries: entries)
    }
}
