extension RegistryClient {
  /// Whether the registry lets us in with the credentials there are.
  ///
  /// - Throws: `unauthorized` when it does not.
  public func checkLogin(_ registry: String) throws(RegistryError) {
    let call = Call(
      method: .get, registry: registry, repository: "", path: "/v2/", scopes: [],
      subject: .registry)
    _ = try withRetries { () throws(Failure) in try attempt(call) }
  }
}
