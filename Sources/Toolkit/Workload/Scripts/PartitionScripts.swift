import Matrix

extension Script {
    /// With both backups cut off, joined again, and a failover (validation.md 10.4).
    static func partitionHeal(_ workload: WorkloadFamily) -> Script? {
        switch workload {
        case .reservationContention:
            let claim = reserve(10, holder: 601, ttl: 5, operation: 11, slot: 50)
            return Script(
                [.create(10, operation: 110)] + cutOff + [.submit(claim, .ambiguous)] + joined
                    + [
                        .submit(claim, .committed),
                        .submit(
                            reserve(10, holder: 602, ttl: 5, operation: 12, slot: 51), .busy),
                        .rejoin,
                    ])
        case .ambiguousWriteRetry:
            let claim = reserve(11, holder: 603, ttl: 4, operation: 20, slot: 52)
            return Script(
                [.create(11, operation: 120)] + cutOff + [.submit(claim, .ambiguous)] + joined
                    + [.submit(claim, .committed), .rejoin])
        case .failoverReadFences:
            let doubtful = reserve(12, holder: 605, ttl: 2, operation: 22, slot: 54)
            return Script(
                [
                    .create(12, operation: 130),
                    .submit(
                        reserve(12, holder: 604, ttl: 6, operation: 21, slot: 53), .mustCommit),
                ] + cutOff + [.submit(doubtful, .ambiguous)] + joined + [
                    .readLease(slot: 54, at: .primary, .answered),
                    .submit(doubtful, .busy),
                    .rejoin,
                    .readLease(slot: 54, at: .replica(.primary), .notPrimary),
                ])
        case .expirationAndRecovery:
            return Script(
                [
                    .create(13, operation: 140),
                    .submit(
                        reserve(13, holder: 606, ttl: 2, operation: 23, slot: 55), .mustCommit),
                ] + cutOff + [.tick(slot: 57, .ambiguous)] + joined + [
                    .tick(slot: 57, .mustCommit),
                    .drain(13, slot: 58),
                    .rejoin,
                ])
        case .leaseSafety: return nil
        }
    }

    /// With one backup crashed or cut off, and a failover (validation.md 10.5).
    static func mixedFailover(_ workload: WorkloadFamily) -> Script? {
        switch workload {
        case .ambiguousWriteRetry:
            let claim = reserve(20, holder: 701, ttl: 4, operation: 30, slot: 60)
            return Script([
                .create(20, operation: 150),
                .crash(.target), .isolate(.support),
                .submit(claim, .ambiguous),
                .crash(.primary), .heal(.support), .failOver,
                .submit(claim, .committed),
                .rejoin,
            ])
        case .failoverReadFences:
            return Script([
                .create(21, operation: 160),
                .submit(reserve(21, holder: 702, ttl: 6, operation: 31, slot: 61), .mustCommit),
                .isolate(.support), .crash(.primary), .heal(.support), .failOver,
                .readLease(slot: 61, at: .primary, .answered),
                .rejoin,
                .readLease(slot: 61, at: .replica(.primary), .notPrimary),
            ])
        case .expirationAndRecovery:
            return Script([
                .create(22, operation: 170),
                .submit(reserve(22, holder: 703, ttl: 2, operation: 32, slot: 62), .mustCommit),
                .isolate(.support), .crash(.primary), .heal(.support), .failOver,
                .tick(slot: 64, .mustCommit),
                .drain(22, slot: 65),
                .rejoin,
            ])
        case .reservationContention, .leaseSafety: return nil
        }
    }

    private static func reserve(
        _ resource: UInt64, holder: UInt64, ttl: UInt64, operation: UInt64, slot: UInt64
    ) -> ScriptCommand {
        .init(.reserve(resource, holder: holder, ttl: ttl), operation: operation, slot: slot)
    }

    private static var cutOff: [ScriptStep] { [.isolate(.target), .isolate(.support)] }

    private static var joined: [ScriptStep] {
        [.heal(.target), .heal(.support), .crash(.primary), .failOver]
    }
}
