import Matrix

extension Script {
    /// Without faults (validation.md 10.2).
    static func control(_ workload: WorkloadFamily) -> Script {
        switch workload {
        case .reservationContention:
            Script([
                .create(0, operation: 100),
                .submit(firstClaim, .committed),
                .submit(secondClaim, .busy),
            ])
        case .ambiguousWriteRetry:
            Script([
                .create(1, operation: 101),
                .submit(retried, .committed),
                .submit(retried, .committed),
            ])
        case .failoverReadFences:
            Script([
                .create(2, operation: 102),
                .submit(fenced, .mustCommit),
                .readLease(slot: 30, at: .primary, .answered),
                .readLease(slot: 30, at: .replica(.target), .notPrimary),
            ])
        case .expirationAndRecovery:
            Script([
                .create(3, operation: 103),
                .submit(expiring, .mustCommit),
                .tick(slot: 42, .mustCommit),
                .drain(3, slot: 43),
                .readLease(slot: 42, at: .primary, .answered),
            ])
        case .leaseSafety:
            Script(bundleGranted + bundleRevoked)
        }
    }

    /// With the primary crashed and followed by another (validation.md 10.3).
    static func crashRestart(_ workload: WorkloadFamily) -> Script {
        switch workload {
        case .reservationContention:
            Script([
                .create(0, operation: 100),
                .crash(.primary), .failOver,
                .submit(firstClaim, .committed),
                .rejoin,
                .submit(secondClaim, .busy),
            ])
        case .ambiguousWriteRetry:
            Script([
                .create(1, operation: 101),
                .crash(.target), .crash(.support),
                .submit(retried, .ambiguous),
                .crash(.primary), .failOver,
                .submit(retried, .committed),
                .rejoin,
            ])
        case .failoverReadFences:
            Script([
                .create(2, operation: 102),
                .submit(fenced, .mustCommit),
                .crash(.primary), .failOver,
                .readLease(slot: 30, at: .primary, .answered),
                .rejoin,
                .readLease(slot: 30, at: .replica(.primary), .notPrimary),
            ])
        case .expirationAndRecovery:
            Script([
                .create(3, operation: 103),
                .submit(expiring, .mustCommit),
                .crash(.primary), .failOver,
                .tick(slot: 42, .mustCommit),
                .drain(3, slot: 43),
                .readLease(slot: 42, at: .primary, .answered),
                .rejoin,
            ])
        case .leaseSafety:
            Script(bundleGranted + [.crash(.primary), .failOver] + bundleRevoked + [.rejoin])
        }
    }

    private static var firstClaim: ScriptCommand {
        .init(.reserve(0, holder: 101, ttl: 5), operation: 1, slot: 10)
    }
    private static var secondClaim: ScriptCommand {
        .init(.reserve(0, holder: 202, ttl: 5), operation: 2, slot: 11)
    }
    private static var retried: ScriptCommand {
        .init(.reserve(1, holder: 303, ttl: 4), operation: 10, slot: 20)
    }
    private static var fenced: ScriptCommand {
        .init(.reserve(2, holder: 404, ttl: 6), operation: 20, slot: 30)
    }
    private static var expiring: ScriptCommand {
        .init(.reserve(3, holder: 505, ttl: 2), operation: 30, slot: 40)
    }

    private static var bundleGranted: [ScriptStep] {
        [
            .create(4, operation: 104), .create(5, operation: 105),
            .submit(
                .init(.reserveBundle([4, 5], holder: 808, ttl: 8), operation: 40, slot: 70),
                .mustCommit),
            .submit(.init(.confirm(holder: 808), operation: 41, slot: 71), .committed),
        ]
    }

    private static var bundleRevoked: [ScriptStep] {
        [
            .submit(.init(.revoke, operation: 42, slot: 72), .committed),
            .submit(.init(.release(holder: 808), operation: 43, slot: 73), .staleEpoch),
            .submit(
                .init(.reserveBundle([4, 5], holder: 809, ttl: 6), operation: 44, slot: 74),
                .busy),
            .submit(.init(.reclaim, operation: 45, slot: 75), .committed),
            .submit(
                .init(.reserveBundle([4, 5], holder: 810, ttl: 4), operation: 46, slot: 76),
                .committed),
        ]
    }
}
