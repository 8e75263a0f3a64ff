extension NBDConnection {
    enum Taken {
        case request(BlockRequest)
        /// It was answered here.
        case refused
        /// There is none, or only a part of one.
        case nothing
    }

    mutating func takeRequest() -> Taken {
        guard let magic = input.peek(UInt32.self) else { return .nothing }
        guard magic == NBD.requestMagic else {
            fail("a request begins with \(magic)")
            return .nothing
        }
        guard let flags = input.peek(UInt16.self, at: 4), let type = input.peek(UInt16.self, at: 6),
            let cookie = input.peek(UInt64.self, at: 8),
            let offset = input.peek(UInt64.self, at: 16),
            let length = input.peek(UInt32.self, at: 24)
        else { return .nothing }
        let isLegal = flags & ~NBD.Command.forcedUnitAccess == 0
        let isDurable = flags & NBD.Command.forcedUnitAccess != 0
        switch type {
        case NBD.Command.read:
            _ = input.take(NBD.requestBytes)
            guard isLegal, let range = range(offset, length) else { return refuse(cookie) }
            return .request(
                BlockRequest(cookie: cookie, .read(offset: range.lowerBound, count: range.count)))
        case NBD.Command.write:
            // What is longer has to be read to its end to find the next request: too much.
            guard length <= NBD.longestTransfer else {
                fail("a write of \(length) bytes")
                return .nothing
            }
            guard input.count >= NBD.requestBytes + Int(length) else { return .nothing }
            _ = input.take(NBD.requestBytes)
            guard let bytes = input.take(Int(length)), isLegal, let range = range(offset, length)
            else { return refuse(cookie, isPastEnd(offset, length) ? .noSpaceLeft : .invalid) }
            return .request(
                BlockRequest(
                    cookie: cookie,
                    .write(offset: range.lowerBound, bytes, isDurable: isDurable)))
        case NBD.Command.flush:
            _ = input.take(NBD.requestBytes)
            guard isLegal, offset == 0, length == 0 else { return refuse(cookie) }
            return .request(BlockRequest(cookie: cookie, .flush))
        case NBD.Command.disconnect:
            phase = .ended(.agreed)
            return .nothing
        case _:
            // Nothing that is not offered has more bytes than the request itself.
            _ = input.take(NBD.requestBytes)
            return refuse(cookie)
        }
    }

    /// Nil for bytes that the disk does not have.
    private func range(_ offset: UInt64, _ length: UInt32) -> Range<Int>? {
        guard length > 0, length <= NBD.longestTransfer, !isPastEnd(offset, length) else {
            return nil
        }
        return Int(offset)..<Int(offset) + Int(length)
    }

    private func isPastEnd(_ offset: UInt64, _ length: UInt32) -> Bool {
        let (end, overflow) = offset.addingReportingOverflow(UInt64(length))
        return overflow || end > UInt64(export.size)
    }

    private mutating func refuse(_ cookie: UInt64, _ error: BlockError = .invalid) -> Taken {
        reply(.failed(error), to: cookie)
        return .refused
    }
}
