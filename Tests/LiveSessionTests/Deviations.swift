/// Where our daemon answers otherwise than the recorded one, and why. Everything here is
/// asserted to be exactly our answer.
enum Deviation {
    case other(Outcome, because: String)
    /// The recorded answer may come first, while a pending entry finds its quorum.
    case eventually(Outcome, because: String)
    /// Any of them may be the state at that moment; there is at least one.
    case either([Outcome], because: String)
    case skip(String)

    var outcome: Outcome? {
        switch self {
        case .other(let outcome, _), .eventually(let outcome, _): outcome
        case .either(let outcomes, _): outcomes.first
        case .skip: nil
        }
    }

    var reason: String {
        switch self {
        case .other(_, let reason), .eventually(_, let reason), .either(_, let reason): reason
        case .skip(let reason): reason
        }
    }

    var alternatives: ArraySlice<Outcome> {
        switch self {
        case .either(let outcomes, _): outcomes.dropFirst()
        case .other, .eventually, .skip: []
        }
    }

    var isEventual: Bool {
        switch self {
        case .eventually: true
        case .other, .either, .skip: false
        }
    }
}

enum Deviations {
    static func of(_ session: String) -> [Int: Deviation] {
        table[session] ?? [:]
    }

    static var count: Int { table.values.reduce(0) { $0 + $1.count } }

    private enum Because {
        static let noClientExpire = "a client cannot submit the internal expire command"
        static let oneLess = "one position fewer, because the expire of step 53 was refused"
        static let nativeFormat = "metadata and prepared entries have checksums (format 3)"
        static let catchesUp = "a backup that missed entries catches up by itself (C7)"
        static let drivenOn =
            "a pending entry is driven to its quorum without the original client (C6)"
        static let confirmedReads = "a read needs a majority that confirms the view (R5)"
        static let tickNeedsMajority =
            "without a majority a tick prepares nothing, so that it holds up nobody"
        static let roleCheck = "a primary takes no entries of others (C8)"
        static let laterPositions = "the submit of step 12 took position 7"
        static let duplicateApplies =
            "an entry of an applied operation is committed as its repetition instead of staying "
            + "prepared for ever (R8)"
        static let validatesFirst = "a bad payload is refused as such whatever is pending"
        static let survives = "the daemon survives what ends the reference"
        static let goesOn = "stop goes on past a replica that does not answer (C10)"
        static let journalIsDurable =
            "an entry is durable in the journal, so a full log file loses nothing"
        static let nothingPending = "the halted engine refuses it, no pending entry does"
        static let lock = "a second daemon ends at the lock and touches nothing (C9)"
    }

    private static func replacing(
        _ parts: (String, String)..., because reason: String
    ) -> Deviation {
        .other(
            .recordedReplacing(parts.map { Replacement(recorded: $0.0, ours: $0.1) }),
            because: reason)
    }

    private static func reply(_ hex: String, _ reason: String) -> Deviation {
        .other(.reply(hex: hex), because: reason)
    }

    private static func refusal(_ message: String, _ reason: String) -> Deviation {
        .other(.text("status=error\nmessage=\(message)\n"), because: reason)
    }

    /// The session has put entries into a backup past its primary: the primary faults as soon as
    /// it hears of them, which on a slow machine may be before it is asked.
    private static let roleMismatchOrFault = Deviation.either(
        [
            "RoleMismatch { expected: Backup, found: Primary }",
            "Inactive(Faulted(ReplicaFault { reason: BehindPeer { peer: ReplicaId(2), "
                + "peer_commit_lsn: Lsn(2), highest_prepared_lsn: Lsn(0) } }))",
        ].map { .text("status=error\nmessage=replica protocol error: \($0)\n") },
        because: Because.roleCheck)

    private static func positions(
        _ first: String, _ second: String, _ third: String, _ reason: String
    ) -> Deviation {
        .other(.positions(["1": first, "2": second, "3": third]), because: reason)
    }

    private static let nativeJournal = Deviation.other(
        .fileBeginning(hex: "52504c5003"), because: Because.nativeFormat)

    /// The frame at position 31 of the recorded log: the expire command of step 53.
    private static let recordedExpireFrame =
        "4c42444101001f00000000000000090000000000000001390000003ff8b8d907040000000000000000000000"
        + "00000007000000000000000000000000000000061b0000000000000000000000000000000f00000000000000"

    private static let table: [String: [Int: Deviation]] = [
        "allocation_life_cycle": [
            53: reply("0201020206", Because.noClientExpire),
            54: reply(
                "0a0000000040000000010100000000000000011e00000000000000010800000000000000010000"
                    + "0000000000000000001e0000000010000000", Because.oneLess),
            55: positions("30", "30", "30", Because.oneLess),
            56: replacing(("commit_lsn=31", "commit_lsn=30"), because: Because.oneLess),
            57: replacing(("commit_lsn=31", "commit_lsn=30"), because: Because.oneLess),
            58: .other(
                .file(
                    hex: "52504c4d0301000000000000000000000000000000010000000000000001000001010000"
                        + "000000000000e9002869"),
                because: Because.nativeFormat + "; positions in it are hints"),
            59: nativeJournal,
            60: replacing((recordedExpireFrame, ""), because: Because.oneLess),
            61: replacing((recordedExpireFrame, ""), because: Because.oneLess),
            62: replacing(("commit_lsn=31", "commit_lsn=30"), because: Because.oneLess),
        ],
        "non_primary_and_isolation": [
            25: positions("3", "3", "3", Because.catchesUp),
            26: refusal(
                "replica protocol error: PrepareOrderMismatch { expected_lsn: Lsn(4), "
                    + "found_lsn: Lsn(3) }", Because.catchesUp),
            27: reply("02010000000000000003000000000000000300000000000000", Because.catchesUp),
            28: .other(
                .lines([
                    "replica=3 event=protocol_prepare_rejected role=backup local_view=1 "
                        + "request_view=1 request_lsn=3 error=PrepareOrderMismatch { "
                        + "expected_lsn: Lsn(4), found_lsn: Lsn(3) }"
                ]), because: Because.catchesUp),
            30: reply("0104000000000000000100000000", Because.catchesUp),
            31: positions("4", "3", "4", Because.catchesUp),
            33: reply("0104000000000000000100000001", Because.catchesUp),
        ],
        "quorum_loss_and_resume": [
            6: nativeJournal,
            11: reply("02010201", Because.validatesFirst),
            13: refusal("not primary: role=view_uncertain", Because.confirmedReads),
            14: refusal("not primary: role=view_uncertain", Because.confirmedReads),
            19: .either(
                [
                    .recordedReplacing([Replacement(recorded: "_lsn=2", ours: "_lsn=2")]),
                    .recordedReplacing([Replacement(recorded: "_lsn=2", ours: "_lsn=3")]),
                ], because: Because.drivenOn),
            20: .eventually(
                .reply(hex: "0104000000000000000100000000"), because: Because.drivenOn),
            21: reply("0103000000000000000100000001", Because.drivenOn),
            22: reply("0104000000000000000100000001", Because.drivenOn),
            24: .either(
                [
                    .recordedReplacing([Replacement(recorded: "_lsn=1", ours: "_lsn=1")]),
                    .recordedReplacing([Replacement(recorded: "_lsn=1", ours: "_lsn=4")]),
                ], because: Because.catchesUp),
            25: positions("4", "4", "4", Because.catchesUp),
            27: positions("5", "5", "5", Because.catchesUp),
            28: .skip("no commit broadcast can fail: commit positions ride on other messages"),
        ],
        "tick_without_quorum": [
            10: nativeJournal,
            11: refusal("not primary: role=view_uncertain", Because.confirmedReads),
            15: .eventually(
                .reply(hex: "0107000000000000000100000001"), because: Because.drivenOn),
            16: reply("0d03000000010a00000000000000", Because.tickNeedsMajority),
            17: positions("10", "10", "6", Because.laterPositions),
            18: reply(
                "0604000000000000000000000000000000bd020000000000000000000000000000040200000000"
                    + "0000000400000000000000010400000000000000010800000000000000014c00000000000000"
                    + "0100000001000000000000000000000000000000",
                Because.laterPositions + "; the tick of step 16 expired the lease at slot 12"),
            19: reply("0107000000000000000100000001", Because.drivenOn),
        ],
        "primary_crash_and_restart": [
            20: replacing(
                ("commit_lsn=3", "commit_lsn=4"), because: Because.drivenOn),
            21: .eventually(
                .reply(hex: "0105000000000000000100000000"), because: Because.drivenOn),
            22: reply("0104000000000000000100000001", Because.drivenOn),
            23: reply("0105000000000000000100000001", Because.drivenOn),
        ],
        "protocol_port": [
            21: roleMismatchOrFault,
            22: roleMismatchOrFault,
            23: positions("none", "2", "none", Because.roleCheck),
            25: reply(
                "02010000000000000003000000000000000200000000000000", Because.duplicateApplies),
            26: refusal(
                "replica protocol error: PrepareOrderMismatch { expected_lsn: Lsn(4), "
                    + "found_lsn: Lsn(3) }", Because.duplicateApplies),
            27: replacing(("commit_lsn=2", "commit_lsn=3"), because: Because.duplicateApplies),
            28: .skip("the commit of step 25 is not refused"),
        ],
        "faulted_replica": [
            17: .other(
                .lines(faultedLines),
                because: "peers send a faulted replica no one-shot messages, so the recorded last "
                    + "two lines are missing")
        ],
        "log_storage_full_on_primary": [
            4: reply("0104000000000000000700000000", Because.journalIsDurable),
            5: replacing(("commit_lsn=3", "commit_lsn=4"), because: Because.journalIsDurable),
            8: reply(
                "0a0000000040000000000100000000000000010400000000000000010100000000000000000000"
                    + "000000000000000000040000000010000000", Because.journalIsDurable),
            9: reply("0104000000000000000700000001", Because.journalIsDurable),
            10: reply("020201", Because.nothingPending),
            12: reply("0e0201", Because.nothingPending),
            13: .either(
                ["4", "3", "none"].flatMap { second in
                    ["4", "3", "none"].map { third in
                        .positions(["1": "4", "2": second, "3": third])
                    }
                },
                because: Because.journalIsDurable
                    + "; the halted primary may not get to tell the others what is committed"),
            18: .either(
                [
                    .recordedReplacing([Replacement(recorded: "commit_lsn=3", ours: "commit_lsn=4")]
                    ),
                    .recordedReplacing([]),
                ],
                because: Because.journalIsDurable
                    + "; the entry is committed at once or right after the start"),
            19: .other(
                .fact("log file length 5108"),
                because: Because.journalIsDurable + ": the restart completes the log from it"),
            20: replacing(("commit_lsn=3", "commit_lsn=4"), because: Because.journalIsDurable),
            21: reply("0105000000000000000100000000", Because.nothingPending),
            22: reply("0104000000000000000700000001", Because.journalIsDurable),
            23: reply("0105000000000000000100000001", Because.nothingPending),
        ],
        "command_line_edges": [
            11: .other(
                .command(
                    status: 1, output: "",
                    error: "replica 1 is already running: <workspace>/replica-1/replica.lock "
                        + "is held by process <pid>\n"), because: Because.lock),
            12: .other(.fact("pid file exists: true"), because: Because.lock),
            17: .other(
                .command(
                    status: 1,
                    output: "replica=1 stop_requested control=<control_addr_1>\n"
                        + "replica=3 stop_requested control=<control_addr_3>\n",
                    error: "replica 2 did not answer on <control_addr_2> but still has pid file "
                        + "at <workspace>/run/replica-2.pid\n"), because: Because.goesOn),
            18: .other(
                .command(
                    status: 0,
                    output: """
                        workspace=<workspace>
                        layout=<workspace>/cluster-layout.txt
                        fault_state=<workspace>/cluster-faults.txt
                        timeline=<workspace>/cluster-timeline.log
                        timeline_events=1
                        replica=1 state=stopped network=healthy control=<control_addr_1> \
                        log=<workspace>/logs/replica-1.log
                        replica=2 state=unreachable network=healthy control=<control_addr_2> \
                        pid_path=<workspace>/run/replica-2.pid log=<workspace>/logs/replica-2.log
                        replica=3 state=stopped network=healthy control=<control_addr_3> \
                        log=<workspace>/logs/replica-3.log

                        """, error: ""), because: Because.goesOn),
            25: replacing(
                ("replica=3 stop_requested", "replica=3 already_stopped"),
                because: Because.goesOn),
        ],
        "hazards": [
            2: reply(
                "0201030109000000000000000000000000000000",
                "a slot below the last applied one is refused before anything is logged (R1, C4)"),
            3: positions("1", "1", "1", Because.survives),
            5: .other(
                .command(
                    status: 1, output: "",
                    error: "replica 1 is already running on <control_addr_1> with pid <pid>\n"),
                because: Because.survives),
            7: .other(
                .fileBeginning(hex: "52504c5003"),
                because: "the refused command never reached a backup"),
        ],
        "hazards_connection_reset": [
            2: .skip(Because.survives),
            3: positions("none", "none", "none", Because.survives),
            5: .skip(Because.survives),
            6: refusal("control request is not valid UTF-8", Because.survives),
            7: .skip(Because.survives),
            8: positions("none", "none", "none", Because.survives),
        ],
        "hazards_bundle_count": [
            1: reply(
                "02010201", "a count is compared with the bytes before it sizes anything (C5)"),
            2: positions("none", "none", "none", Because.survives),
        ],
        "hazards_bad_fault_file": [
            2: reply(
                "0a0000000040000000010100000000000000000000000000000000000000000000000000001000"
                    + "0000", Because.survives),
            3: .other(.text(healthyStatus), because: Because.survives),
            4: .other(
                .lines([
                    "replica=1 event=fault_file_unusable error=invalid fault-state file: "
                        + "invalid layout line `garbage`"
                ]), because: Because.survives),
        ],
    ]

    private static let faultedSummary =
        "role=faulted current_view=0 commit_lsn=none snapshot_lsn=none last_normal_view=none "
        + "durable_vote=none highest_prepared_lsn=none"
    private static let inactive =
        "Inactive(Faulted(ReplicaFault { reason: MetadataLoad(Decode(BufferTooShort)) }))"
    private static let faultedLines = [
        "replica=2 event=startup_recovered \(faultedSummary)",
        "replica=2 startup=ready status=faulted \(faultedSummary)",
        "replica=2 event=client_submit_rejected status=faulted \(faultedSummary)",
        "replica=2 event=tick_expirations_rejected status=faulted \(faultedSummary)",
        "replica=2 event=protocol_prepare_rejected role=faulted local_view=0 request_view=1 "
            + "request_lsn=2 error=\(inactive)",
        "replica=2 event=protocol_commit_view_mismatch role=faulted local_view=0 commit_view=1 "
            + "commit_lsn=1",
        "replica=2 event=protocol_commit_rejected role=faulted local_view=0 commit_lsn=1 "
            + "error=\(inactive)",
    ]

    private static let healthyStatus = """
        status=ok
        protocol_version=1
        process_id=<pid>
        replica_id=1
        state=active
        role=primary
        current_view=1
        commit_lsn=none
        active_snapshot_lsn=none
        accepting_writes=true
        startup_kind=fresh_start
        loaded_snapshot_lsn=none
        replayed_wal_frame_count=0
        replayed_wal_last_lsn=none
        fault_reason=none
        workspace_dir=<workspace>/replica-1
        log_path=<workspace>/logs/replica-1.log
        pid_path=<workspace>/run/replica-1.pid
        metadata_path=<workspace>/replica-1/replica.metadata
        prepare_log_path=<workspace>/replica-1/replica.metadata.prepare
        snapshot_path=<workspace>/replica-1/state.snapshot
        wal_path=<workspace>/replica-1/state.wal
        control_addr=<control_addr_1>
        client_addr=<client_addr_1>
        protocol_addr=<protocol_addr_1>

        """
}
