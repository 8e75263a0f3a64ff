extension Promise {
    /// `docs/reference/promises.md`, from the table that the checkers use.
    public static var document: String {
        var text = """
            # What is promised, and how it is judged

            Every promise of the allocator that a client can observe. A finding names the promise
            it breaks by its code. Findings of these codes block a release, with two exceptions:
            `broken-record` means that the record cannot be judged, and `unresolved-ambiguity`
            blocks only a record that was finished (an interrupted run owes no answer).

            The judge orders the acknowledged commands by their LSN, replays them through a model
            of the allocator written from the specification, places every read between the LSNs
            that real time, earlier reads and its fence allow, and looks for an explanation of
            every LSN that no client was told of. Where it reaches the bound of that search it
            says *unknown* and how far it got.

            This file is generated from `Sources/Toolkit/Checking/PromiseTable.swift`; a test
            compares the two.

            """
        for promise in all {
            text += """

                ## \(promise.number). `\(promise.code.rawValue)`

                \(promise.statement)

                - **Broken by:** \(promise.evidence)
                - **Cannot be known:** \(promise.unknowable)
                - **Look first at:** \(promise.advice)

                """
        }
        return text
    }
}
