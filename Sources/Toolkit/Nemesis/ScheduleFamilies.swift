/// The families of the run matrix (validation.md 1.2 and 10), as recipes for rounds.
extension NemesisSchedule {
    /// Replicas die and come back: the primary, one backup, both, or the primary with a backup
    /// that takes its place (validation.md 10.3); and once in a while in a less usual way.
    public static func crashRestart(seed: UInt64, window: Duration) -> NemesisSchedule {
        shuffled(
            [
                [RoundRecipe(.init("crash", [.primary]))],
                [RoundRecipe(.init("crash", [.backup]))],
                [RoundRecipe(.init("crash", [.backups]))],
                [RoundRecipe(.init("take-over", [.backup]))],
                [
                    RoundRecipe(.init("crash", [.majority, .all])),
                    RoundRecipe(.terminate), RoundRecipe(.restartStorm),
                    RoundRecipe(.crashDuringStart), RoundRecipe(.crashDuringCheckpoint),
                    RoundRecipe(.rejoin), RoundRecipe(.rebuild),
                    RoundRecipe(.takeOverInterrupted), RoundRecipe(.rejoinInterrupted),
                ],
            ], seed: seed, window: window)
    }

    /// Replicas are cut off and come back: a backup, both, the primary, everybody; both backups
    /// with a takeover after the healing (validation.md 10.4); and the primary while another one
    /// takes its place.
    public static func partitionHeal(seed: UInt64, window: Duration) -> NemesisSchedule {
        shuffled(
            [
                [RoundRecipe(.init("isolate", [.backup]))],
                [RoundRecipe(.init("isolate", [.primary]))],
                [RoundRecipe(.init("isolate", [.backups]))],
                [RoundRecipe(.init("isolate", [.majority, .all]))],
                [
                    RoundRecipe(
                        .init("isolate", [.backups], hold: .range(600...2500)),
                        .init("take-over", [.backup], .after(0...300)))
                ],
                [RoundRecipe(.stalePrimary)],
            ], seed: seed, window: window)
    }

    /// Crashes, isolation and takeovers in one round, so that a write meets several of them
    /// (validation.md 10.5): one backup dead and the other cut off; one backup cut off while the
    /// primary dies; a primary that is replaced without knowing it.
    public static func mixedFailover(seed: UInt64, window: Duration) -> NemesisSchedule {
        shuffled(
            [
                [
                    // The dead backup lives again only by the takeover.
                    RoundRecipe(
                        .init("crash", [.backup], hold: .toTheEnd),
                        .init("isolate", [.otherBackup], .begin(0...100), hold: .range(600...2500)),
                        .init("take-over", [.backup], .after(0...200)))
                ],
                [
                    RoundRecipe(
                        .init("crash", [.primary], .begin(400...1200), hold: .toTheEnd),
                        .init("isolate", [.otherBackup], hold: .range(1500...2500)),
                        .init("take-over", [.backup], .after(0...200)))
                ],
                [
                    RoundRecipe(
                        .init("pause", [.primary], hold: .range(1000...2500)),
                        .init("crash", [.backup], .begin(0...500), hold: .range(100...1500)))
                ],
                [RoundRecipe(.stalePrimary), RoundRecipe(.frozenPrimary)],
                [
                    RoundRecipe(
                        .init("isolate", [.primary], hold: .range(800...2000)),
                        .init("crash", [.backup], .begin(100...600), hold: .range(100...1500))),
                    RoundRecipe(
                        .init("isolate", [.backups], hold: .range(800...2000)),
                        .init("crash", [.primary], .begin(100...600), hold: .range(100...1500))),
                ],
            ], seed: seed, window: window)
    }
}
