import FoundationEssentials
import OCISpec

/// One page of a list of tags, and the address of the next (distribution-spec, listing tags).
struct TagPage {
  let tags: [String]
  let next: WebAddress?

  private struct Body: Decodable { let tags: [String]? }

  init(_ reply: RegistryClient.Reply) throws(RegistryError) {
    let host = reply.address.authority
    guard (try? JSONGuard.check(reply.body)) != nil,
      let body = try? JSONDecoder().decode(Body.self, from: Data(reply.body))
    else { throw .badResponse(host: host, reason: "no list of tags") }
    tags = (body.tags ?? []).map(TerminalText.safe)
    next = try nextPage(reply)
  }
}

/// The address of the next page of a list (RFC 8288, Link), nil at its end.
func nextPage(_ reply: RegistryClient.Reply) throws(RegistryError) -> WebAddress? {
  guard let link = reply.response.headers["Link"] else { return nil }
  let target = link.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" }
  guard let address = reply.address.resolving(String(target)),
    address.origin == reply.address.origin
  else { throw .refusedRedirect(from: reply.address.authority, to: String(target)) }
  return address
}
