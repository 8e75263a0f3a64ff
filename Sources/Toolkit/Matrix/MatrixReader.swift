import YAMLText

extension MatrixFile {
    /// Reads a matrix file strictly: an unknown key or word is an error with its line, and with
    /// the nearest word that would have been understood. `file` is its name for messages.
    public init(
        _ bytes: [UInt8], file: String, vocabulary: MatrixVocabulary
    ) throws(MatrixError) {
        let reader = MatrixReader(file: file, bytes: bytes, vocabulary: vocabulary)
        do throws(YAMLError) {
            self = try reader.matrix()
        } catch {
            let lines = String(decoding: bytes, as: UTF8.self)
                .split(separator: "\n", omittingEmptySubsequences: false)
            let line = error.place.line
            let text = lines.indices.contains(line - 1) ? String(lines[line - 1]) : ""
            throw MatrixError(
                file: file, line: line, column: error.place.column, problem: error.problem,
                text: text)
        }
    }
}

private struct MatrixReader {
    let file: String
    let bytes: [UInt8]
    let vocabulary: MatrixVocabulary

    private static let topKeys = ["matrix", "description", "defaults", "runs"]
    private static let settings = [
        "window", "rate", "concurrency", "testbed", "style", "faults", "repeats", "seeds",
    ]
    private static let runKeys = ["run", "workload", "nemesis"] + settings

    func matrix() throws(YAMLError) -> MatrixFile {
        guard let document = try YAMLText.parse(bytes) else {
            throw error(.init(line: 1, column: 1), "the file is empty; a matrix lists `runs`")
        }
        let top = try document.fields(Self.topKeys, of: "a matrix")
        var name = file.split(separator: "/").last.map(String.init) ?? file
        if name.hasSuffix(".yaml") { name.removeLast(5) }
        if let node = top["matrix"] {
            name = try node.text()
            guard Self.isName(name) else {
                throw error(
                    node.place, "`\(name)` is no name: letters, digits, hyphens and underscores")
            }
        }
        var defaults = MatrixRun(runID: "")
        if let node = top["defaults"] {
            let given = try node.fields(Self.settings, of: "the defaults")
            try read(given, into: &defaults)
        }
        guard let list = top["runs"] else {
            throw error(document.place, "`runs` is missing: the list of what is to be carried out")
        }
        let runs = try runs(list, defaults)
        return MatrixFile(
            name: name, description: try top["description"]?.text() ?? "", runs: runs)
    }

    private func runs(
        _ list: YAMLNode, _ defaults: MatrixRun
    ) throws(YAMLError) -> [MatrixRun] {
        var runs: [MatrixRun] = []
        var count = 0
        for node in try list.elements() {
            let found = try run(node, defaults)
            for run in found {
                count += run.count
                guard count <= MatrixFile.mostRuns else {
                    throw error(node.place, "more than \(MatrixFile.mostRuns) runs")
                }
                runs.append(run)
            }
        }
        guard !runs.isEmpty else { throw error(list.place, "the list of runs is empty") }
        return runs
    }

    /// `- run-id`, or a mapping. `run: all` and `run: release-gate` stand for several.
    private func run(
        _ node: YAMLNode, _ defaults: MatrixRun
    ) throws(YAMLError) -> [MatrixRun] {
        var run = defaults
        run.line = node.place.line
        if case .scalar = node.content {
            return try ids(node).map { id in Self.named(id, run, ownFaults: false) }
        }
        let given = try node.fields(Self.runKeys, of: "a run")
        let ids: [String]
        switch (given["run"], given["workload"]) {
        case (let word?, nil):
            if let nemesis = given["nemesis"] {
                throw error(nemesis.place, "`nemesis` goes with `workload`; `run` names both")
            }
            ids = try self.ids(word)
        case (nil, let workload?): ids = [try id(workload, given["nemesis"])]
        case (_?, let workload?):
            throw error(workload.place, "either `run` or `workload`, not both")
        case (nil, nil):
            throw error(node.place, "which run? `run` with an id, or `workload` with `nemesis`")
        }
        try read(given, into: &run)
        return ids.map { id in Self.named(id, run, ownFaults: given["faults"] != nil) }
    }

    /// Faults of the defaults are for runs with faults: control runs stay what they are.
    private static func named(_ id: String, _ run: MatrixRun, ownFaults: Bool) -> MatrixRun {
        var run = run
        run.runID = id
        if !ownFaults, RunMatrix.run(id: id)?.isControl == true { run.faults = [] }
        return run
    }

    private func ids(_ node: YAMLNode) throws(YAMLError) -> [String] {
        let groups: [String: [RunDescriptor]] = [
            "all": RunMatrix.all, "release-gate": RunMatrix.releaseGate,
            "supplementary": RunMatrix.supplementary,
        ]
        let known = RunMatrix.all.map(\.id)
        let id = try node.word(known + groups.keys.sorted(), called: "run")
        return groups[id].map { $0.map(\.id) } ?? [id]
    }

    private func id(_ workload: YAMLNode, _ nemesis: YAMLNode?) throws(YAMLError) -> String {
        let work = try workload.word(WorkloadFamily.allCases.map(\.rawValue), called: "workload")
        let deed = try nemesis.map { node throws(YAMLError) in
            try node.word(NemesisFamily.allCases.map(\.rawValue), called: "nemesis")
        }
        let run = RunMatrix.all.first {
            $0.workload.rawValue == work
                && $0.nemesis.rawValue == deed ?? NemesisFamily.none.rawValue
        }
        guard let run else {
            throw error(
                nemesis?.place ?? workload.place,
                "no run has workload `\(work)` and nemesis `\(deed ?? "none")`; `plan` lists all")
        }
        return run.id
    }

    private func read(
        _ given: [String: YAMLNode], into run: inout MatrixRun
    ) throws(YAMLError) {
        if let node = given["window"] {
            run.window = try node.number(1...MatrixFile.longestWindow, of: "seconds")
        }
        if let node = given["rate"] {
            run.rate = try node.number(1...100_000, of: "operations per second")
        }
        if let node = given["concurrency"] {
            run.concurrency = Int(try node.number(1...256, of: "clients"))
        }
        if let node = given["testbed"] {
            run.testbed = try node.word(vocabulary.testbeds, called: "testbed")
        }
        if let node = given["style"] {
            run.style = try node.word(vocabulary.styles, called: "style")
        }
        if let node = given["faults"] {
            run.faults = try node.elements().map { element throws(YAMLError) in
                try element.word(vocabulary.faults, called: "fault")
            }
        }
        if let repeats = given["repeats"], given["seeds"] != nil {
            throw error(repeats.place, "either `repeats` or `seeds`, not both")
        }
        if let node = given["repeats"] {
            run.repeats = Int(try node.number(1...1000, of: "times"))
            run.seeds = []
        }
        if let node = given["seeds"] {
            run.seeds = try node.elements().map { element throws(YAMLError) in
                try element.number(0...UInt64.max, of: "a seed")
            }
        }
    }

    // MARK: - Messages

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                    || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x5F
            }
    }

    private func error(_ place: YAMLNode.Place, _ problem: String) -> YAMLError {
        YAMLError(
            place: place, problem: problem)
    }
}
