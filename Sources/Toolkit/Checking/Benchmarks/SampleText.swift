public import SystemCalls

/// Writes a history in text version 1 in which nothing is wrong, of any length: what the speed of
/// reading and judging texts is measured with. The bytes are those of generate-large-history.py
/// of the test vectors with the same number of events and the same seed.
public struct SampleText {
    private static let resources = 1000

    private struct Lease {
        enum State { case reserved, confirmed, revoked }

        var state = State.reserved
        let members: [Int]
        let holder: Int
        var epoch = 1
        let expires: Int
    }

    private let wanted: Int
    private var random: MersenneTwister
    private var sequence = 0
    private var time = 1_795_000_000_000
    private var lsn = 0
    /// Counts on from 10 to the 21st.
    private var operation = 0
    private var slot = 1_000_000
    private var free = Array(1...resources)
    /// Where a free resource stands in `free`.
    private var places: [Int?] = [nil] + (0..<resources).map { $0 }
    private var live: [Int: Lease] = [:]
    /// Reservations by age; those that ended stay until they are swept.
    private var ages: [Int] = []
    /// Reservations to pick from; those that ended stay until they are picked.
    private var picks: [Int] = []
    private var text: [UInt8] = Array("version=1\n".utf8)

    public init(events: Int, seed: UInt32) {
        wanted = events
        random = MersenneTwister(seed: seed)
    }

    /// Writes the text to a file that does not exist yet.
    public consuming func write(to path: String) throws(SystemError) {
        let file = try FileSystem.open(path, .createNew)
        while sequence < wanted {
            step()
            if text.count > 1 << 20 {
                try file.writeAll(text)
                text.removeAll(keepingCapacity: true)
            }
        }
        try file.writeAll(text)
    }

    private mutating func step() {
        let choice = random.unit()
        operation += 1
        slot += random.below(2)
        switch choice {
        case ..<0.26 where free.count > 50: reserve()
        case ..<0.30 where free.count > 50: reserveBundle()
        case ..<0.42: reserveInVain()
        case ..<0.80: goOn(choice)
        case ..<0.82: tick()
        case ..<0.91: readResource()
        default: readReservation()
        }
    }

    // MARK: - Lines

    private mutating func emit(_ line: String) {
        sequence += 1
        time += random.below(4)
        let head = "sequence=\(sequence) process=c\(1 + random.below(8)) time_millis=\(time) "
        text += head.utf8
        text += line.utf8
        text.append(UInt8(ascii: "\n"))
    }

    /// Sometimes nobody knew at first, sometimes it was asked again.
    private mutating func emit(_ request: String, retriedUntil outcome: String) {
        let luck = random.unit()
        if luck < 0.05 {
            let reason = ["timeout", "transport_loss", "indefinite_write"][random.below(3)]
            emit("\(request) outcome=ambiguous reason=\(reason)")
        }
        emit("\(request) \(outcome)")
        if luck > 0.97 { emit("\(request) \(outcome)") }
    }

    private func id() -> String {
        let digits = String(operation)
        return "operation_id=1" + String(repeating: "0", count: 21 - digits.utf8.count) + digits
    }

    private func list(_ members: [Int]) -> String {
        members.map { String($0) }.joined(separator: ",")
    }

    // MARK: - Requests

    private mutating func reserve() {
        let resource = free[random.below(free.count)]
        take(resource)
        grant([resource], "operation=reserve \(id()) resource_id=\(resource)")
    }

    private mutating func reserveBundle() {
        let members = sample(2 + random.below(3))
        for member in members { take(member) }
        grant(
            members,
            "operation=reserve_bundle \(id()) resource_id=\(members[0]) "
                + "resource_ids=\(list(members))")
    }

    private mutating func grant(_ members: [Int], _ request: String) {
        lsn += 1
        let holder = 1 + random.below(1_000_000)
        let ttl = 1 + random.below(200)
        live[lsn] = Lease(members: members, holder: holder, expires: slot + ttl)
        ages.append(lsn)
        picks.append(lsn)
        emit(
            "\(request) holder_id=\(holder) request_slot=\(slot) ttl_slots=\(ttl)",
            retriedUntil: "outcome=committed_write applied_lsn=\(lsn) write_result=reserved "
                + "committed_reservation_id=\(lsn) committed_holder_id=\(holder) "
                + "committed_lease_epoch=1 expires_at_slot=\(slot + ttl)")
    }

    private mutating func reserveInVain() {
        let resource = 1 + random.below(Self.resources)
        let holder = 1 + random.below(1_000_000)
        if places[resource] != nil { return }
        lsn += 1
        emit(
            "operation=reserve \(id()) resource_id=\(resource) holder_id=\(holder) "
                + "request_slot=\(slot) ttl_slots=5 outcome=definite_failure reason=busy")
    }

    private mutating func goOn(_ choice: Double) {
        guard let id = pick(), let lease = live[id] else { return }
        switch lease.state {
        case .reserved where choice < 0.55: confirm(id, lease)
        case .reserved, .confirmed:
            if choice < 0.70 {
                release(id, lease)
            } else if lease.state == .confirmed, choice < 0.74 {
                revoke(id, lease)
            }
        case .revoked: reclaim(id, lease)
        }
    }

    private func ofHolder(_ kind: String, _ reservation: Int, _ lease: Lease) -> String {
        let members = lease.members.count > 1 ? " resource_ids=\(list(lease.members))" : ""
        return "operation=\(kind) \(id()) resource_id=\(lease.members[0])\(members) "
            + "reservation_id=\(reservation) holder_id=\(lease.holder) "
            + "lease_epoch=\(lease.epoch) request_slot=\(slot)"
    }

    private mutating func confirm(_ reservation: Int, _ lease: Lease) {
        lsn += 1
        live[reservation]?.state = .confirmed
        emit(
            ofHolder("confirm", reservation, lease)
                + " outcome=committed_write applied_lsn=\(lsn) write_result=confirmed "
                + "committed_reservation_id=\(reservation) committed_holder_id=\(lease.holder) "
                + "committed_lease_epoch=\(lease.epoch)")
    }

    private mutating func release(_ reservation: Int, _ lease: Lease) {
        lsn += 1
        end(reservation, lease)
        emit(
            ofHolder("release", reservation, lease),
            retriedUntil: "outcome=committed_write applied_lsn=\(lsn) write_result=released "
                + "committed_reservation_id=\(reservation) committed_holder_id=\(lease.holder) "
                + "released_lsn=\(lsn)")
    }

    private mutating func revoke(_ reservation: Int, _ lease: Lease) {
        lsn += 1
        live[reservation]?.state = .revoked
        live[reservation]?.epoch += 1
        emit(
            "operation=revoke \(id()) reservation_id=\(reservation) request_slot=\(slot) "
                + "outcome=committed_write applied_lsn=\(lsn) write_result=revoked "
                + "committed_reservation_id=\(reservation)")
        operation += 1
        lsn += 1
        emit(
            ofHolder("release", reservation, lease)
                + " outcome=definite_failure reason=stale_epoch")
    }

    private mutating func reclaim(_ reservation: Int, _ lease: Lease) {
        lsn += 1
        end(reservation, lease)
        emit(
            "operation=reclaim \(id()) reservation_id=\(reservation) request_slot=\(slot)",
            retriedUntil: "outcome=committed_write applied_lsn=\(lsn) write_result=reclaimed "
                + "committed_reservation_id=\(reservation)")
    }

    private mutating func tick() {
        let due = ages.lazy.filter { [live, slot] id in
            live[id].map { $0.state == .reserved && $0.expires <= slot } ?? false
        }
        let expired = Array(due.prefix(16))
        guard !expired.isEmpty else { return }
        lsn += expired.count
        var entries: [String] = []
        for id in expired {
            guard let lease = live[id] else { continue }
            entries += lease.members.map { "\($0):\(lease.holder):\(id):\(lsn)" }
            end(id, lease)
        }
        emit(
            "operation=tick_expirations \(id()) request_slot=\(slot)",
            retriedUntil: "outcome=committed_write applied_lsn=\(lsn) "
                + "write_result=tick_expired expired=\(entries.joined(separator: ","))")
    }

    // MARK: - Reads

    private mutating func readResource() {
        let resource = 1 + random.below(Self.resources)
        guard places[resource] != nil else { return }
        emit(
            "operation=get_resource resource_id=\(resource) required_lsn=\(lsn) outcome=read_ok "
                + "read_target=resource served_by=\(1 + random.below(3)) served_role=primary "
                + "observed_lsn=\(lsn) resource_state=available")
    }

    private mutating func readReservation() {
        guard let id = pick(), let lease = live[id] else { return }
        let request =
            "operation=get_reservation reservation_id=\(id) required_lsn=\(lsn) "
            + "request_slot=\(slot)"
        if random.unit() < 0.2 {
            return emit(request + " outcome=definite_failure reason=not_primary")
        }
        emit(
            request + " outcome=read_ok read_target=reservation served_by=1 served_role=primary "
                + "observed_lsn=\(lsn) reservation_state=active:\(lease.members[0]):"
                + "\(lease.holder):\(lease.expires):\(lease.state != .reserved)")
    }

    // MARK: - State

    private mutating func take(_ resource: Int) {
        guard let place = places[resource], let last = free.popLast() else { return }
        places[resource] = nil
        if last != resource {
            free[place] = last
            places[last] = place
        }
    }

    private mutating func end(_ reservation: Int, _ lease: Lease) {
        live[reservation] = nil
        for resource in lease.members {
            places[resource] = free.count
            free.append(resource)
        }
        if ages.count > 2 * live.count + 64 {
            ages = ages.filter { [live] in live[$0] != nil }
        }
    }

    /// Some lease that is live.
    private mutating func pick() -> Int? {
        while !picks.isEmpty {
            let place = random.below(picks.count)
            if live[picks[place]] != nil { return picks[place] }
            picks[place] = picks[picks.count - 1]
            picks.removeLast()
        }
        return nil
    }

    /// So many different free resources.
    private mutating func sample(_ count: Int) -> [Int] {
        var chosen: [Int] = []
        while chosen.count < count {
            let place = random.below(free.count)
            if !chosen.contains(place) { chosen.append(place) }
        }
        return chosen.map { free[$0] }
    }
}
