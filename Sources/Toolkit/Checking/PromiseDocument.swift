extension Promise {
    /// `docs/reference/promises.md`, from the table that the checkers use.
    public static var document: String {
        var text = preface
        for promise in all {
            text += """

                ## \(promise.number). `\(promise.code.rawValue)`

                \(promise.statement)

                - **Broken by:** \(promise.evidence)
                - **Found by:** \(promise.checker)
                - **Cannot be known:** \(promise.unknowable)
                - **Specified in:** \(promise.section)
                - **Look first at:** \(promise.advice)

                """
        }
        return text
    }

    private static let preface = """
        # What is promised, and how it is judged

        Every promise of the allocator that a client can observe, and what the record itself owes.
        A finding names the promise that it breaks by its code; `allocdb-jepsen analyze --explain
        CODE` says what is said here. Numbers and codes are stable; a promise that makes another
        one finer stands at the end, and is named instead of that one.

        The judge orders the acknowledged commands by their LSN, replays them through a model
        of the allocator written from the specification, places every read between the LSNs
        that real time, earlier reads and its fence allow, and looks for an explanation of
        every LSN that no client was told of. Where it reaches the bound of that search it
        says *unknown* and how far it got.

        ## What a finding says

        | Part | |
        |---|---|
        | code and number | the promise, below |
        | severity | *blocks release*: a promise is broken. *suspicious*: something is not as it should be, but nobody can say whether a promise is broken; the record is *unknown*. *note*: decides nothing |
        | stage | *scan*: the operations named contradict each other by themselves. *witness*: they contradict the replay of the log, of which there was only one. *search*: there were several ways to explain the LSNs that nobody was told of, and none fits |
        | operations | in the order of the explanation, each with its place in the file: the line of a text, JSON lines or EDN, the event's sequence in a native record |
        | explanation | one paragraph that can be checked by hand |

        Findings of these codes block a release, with these exceptions. `broken-record`,
        `record-time`, `record-pairing` and `thin-record` are suspicious: the record cannot be
        judged, or shows too little. `unresolved-ambiguity` and `unproven-resolution` block only a
        record that was finished; an interrupted run owes no answer. And any finding is suspicious
        where the search for another explanation reached its bound.

        The earliest contradiction is named, and not everything that follows from it: a log whose
        places are contradictory is not replayed, and a replay that got stuck ends there.

        ## Judging by some of the promises

        `analyze --only CODE,...` and `--skip CODE,...` leave promises out: they are not looked for,
        and the output names them. Such a record never passes. Where nothing else is found it is
        *unknown*, because what was left out may be what is broken, and what it led to may show
        under another code. `broken-record`, `record-time` and `record-pairing` cannot be left out:
        nothing means anything in a record that is not whole.

        ## Texts of version 1

        A [text of version 1](history-format.md#text-version-1) has completions only, no time of
        sending, no creation of resources, and in recorded ones the slots of requests mix two
        bases. What the reference tool would report is looked at again, and concluded is only
        this:

        | The reference reports | Concluded |
        |---|---|
        | two executions of one operation | `duplicate-execution` blocks if both lines carry the same request slot, for then the second was inside the window; else suspicious. `changed-answer` or `conflict-accepted` blocks if the LSN is the same and the result or the members differ |
        | a stale read | `fence-ignored` blocks if the line itself says that less was observed than was required. Without an observed LSN, or where only the role is wrong, suspicious: recorders of such texts write what they assume |
        | a stale holder | `stale-holder-accepted` blocks if the command was acknowledged at an LSN above the one that raised the epoch, and not at one before; an ambiguous or refused one breaks nothing |
        | a double allocation | blocks if the first lease was confirmed or, by the deadlines that were answered, cannot have been due, and no command that may have ended it stands or may stand between; else suspicious |
        | an early expiry | suspicious: which lease a tick freed is what the recorder assumed, and its slot may be of the other base |
        | an ambiguity, a missing identity | suspicious: nothing says whether the text is whole |

        Nothing is concluded about real time, the order within a process, the contents of reads,
        results against what was asked, LSNs that nobody was told of, or epochs that start or grow
        wrongly. A text in which nothing is found is *passed as far as a text tells*, which is less
        than the *passed* of a record.

        This file is generated from the table in `Sources/Toolkit/Checking` (`Promise.all`); a test
        compares the two.

        """
}
