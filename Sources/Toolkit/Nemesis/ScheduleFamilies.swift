/// The families of the run matrix (validation.md 1.2 and 10), as recipes for rounds.
extension NemesisSchedule {
    /// Replicas die and come back: the primary, one backup, both, or the primary with a backup
    /// that takes its place (validation.md 10.3).
    public static func crashRestart(seed: UInt64, window: Duration) -> NemesisSchedule {
        shuffled(
            [
                RoundRecipe(.init("crash", [.primary])),
                RoundRecipe(.init("crash", [.backup])),
                RoundRecipe(.init("crash", [.backups])),
                RoundRecipe(.init("take-over", [.backup])),
            ], seed: seed, window: window)
    }
}
