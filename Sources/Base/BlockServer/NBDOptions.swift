/// Which disk, and how: what is agreed before the first request.
extension NBDConnection {
    /// False when no whole option has arrived.
    mutating func takeOption(_ wantsZeroes: Bool) -> Bool {
        guard let magic = input.peek(UInt64.self) else { return false }
        guard magic == NBD.optionMagic else {
            fail("an option begins with \(magic)")
            return true
        }
        guard let option = input.peek(UInt32.self, at: 8),
            let length = input.peek(UInt32.self, at: 12)
        else { return false }
        guard length <= NBD.longestOption else {
            fail("an option of \(length) bytes")
            return true
        }
        guard input.count >= NBD.optionHeaderBytes + Int(length) else { return false }
        _ = input.take(NBD.optionHeaderBytes)
        guard let data = input.take(Int(length)) else { return false }
        answer(option, data, wantsZeroes)
        return true
    }

    private mutating func answer(_ option: UInt32, _ data: [UInt8], _ wantsZeroes: Bool) {
        switch option {
        case NBD.Option.exportName:
            // There is no reply for an unknown name but the end.
            guard names(data) else { return fail("another disk is asked for") }
            output.appendNumber(UInt64(export.size))
            output.appendNumber(NBD.ExportFlag.ours)
            if wantsZeroes { output += [UInt8](repeating: 0, count: 124) }
            phase = .requests
        case NBD.Option.abort:
            reply(NBD.OptionReply.acknowledged, to: option)
            phase = .ended(.agreed)
        case NBD.Option.list:
            guard data.isEmpty else { return reply(NBD.OptionReply.invalid, to: option) }
            var entry: [UInt8] = []
            entry.appendNumber(UInt32(export.name.utf8.count))
            reply(NBD.OptionReply.server, to: option, entry + Array(export.name.utf8))
            reply(NBD.OptionReply.acknowledged, to: option)
        case NBD.Option.info, NBD.Option.go: describe(option, data)
        case _: reply(NBD.OptionReply.unsupported, to: option)
        }
    }

    private func names(_ data: [UInt8]) -> Bool {
        data.isEmpty || data == Array(export.name.utf8)
    }

    /// Tells what the disk is like; GO also begins with the requests.
    private mutating func describe(_ option: UInt32, _ data: [UInt8]) {
        guard let (name, asked) = Self.chosen(data) else {
            return reply(NBD.OptionReply.invalid, to: option)
        }
        guard names(name) else { return reply(NBD.OptionReply.unknownExport, to: option) }
        var facts: [UInt8] = []
        facts.appendNumber(NBD.Information.export)
        facts.appendNumber(UInt64(export.size))
        facts.appendNumber(NBD.ExportFlag.ours)
        reply(NBD.OptionReply.info, to: option, facts)
        if asked.contains(NBD.Information.name) {
            var text: [UInt8] = []
            text.appendNumber(NBD.Information.name)
            reply(NBD.OptionReply.info, to: option, text + Array(export.name.utf8))
        }
        if asked.contains(NBD.Information.blockSize) {
            var sizes: [UInt8] = []
            sizes.appendNumber(NBD.Information.blockSize)
            for size in [1, CachedImage.blockBytes, NBD.longestTransfer] {
                sizes.appendNumber(UInt32(size))
            }
            reply(NBD.OptionReply.info, to: option, sizes)
        }
        reply(NBD.OptionReply.acknowledged, to: option)
        if option == NBD.Option.go { phase = .requests }
    }

    /// The name of the disk, and what is to be told of it; nil when the data is not that.
    private static func chosen(_ data: [UInt8]) -> (name: [UInt8], asked: Set<UInt16>)? {
        var input = NetworkInput()
        input.append(data)
        guard let length = input.takeNumber(UInt32.self), let name = input.take(Int(length)),
            let count = input.takeNumber(UInt16.self), input.count == 2 * Int(count)
        else { return nil }
        var asked: Set<UInt16> = []
        while let information = input.takeNumber(UInt16.self) { asked.insert(information) }
        return (name, asked)
    }

    private mutating func reply(_ type: UInt32, to option: UInt32, _ data: [UInt8] = []) {
        output.appendNumber(NBD.optionReplyMagic)
        output.appendNumber(option)
        output.appendNumber(type)
        output.appendNumber(UInt32(data.count))
        output += data
    }
}
