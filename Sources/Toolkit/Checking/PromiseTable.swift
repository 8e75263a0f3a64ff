extension Promise {
    /// Every promise, in the order of their numbers. Numbers and codes are stable: new promises are
    /// added at the end, also where they make an older one finer.
    public static let all: [Promise] = first + ofLeases + ofReads
}
