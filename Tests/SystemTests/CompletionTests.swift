import TestSupport
import Testing

extension SystemTests {
  /// The completions, by the shells that they are for: what is typed, and what becomes of it.
  @Suite(.enabled(if: Machine.current?.isPeer == false, "a peer has its own"))
  struct CompletionTests {
    /// A command, a live name and an option; each script prints what becomes of the last word.
    private static let typed = "'martlet renam' 'martlet rm qui' 'martlet run --sdn'"
    private static let completed = ["rename", "quick-brown", "--sdnotify"]

    private func check(_ shell: String, _ words: String, _ script: String) throws {
      try Session.run { session in
        try session.martlet("create", "--name", "quick-brown", Session.image, "true")
        _ = try session.write(script, to: "script")
        let result = try session.shell(
          """
          mkdir bin; ln -s "$MARTLET" bin/martlet; export PATH="$PWD/bin:$PATH" HOME="$PWD"
          martlet __complete-script \(shell) >_martlet
          exec timeout 30 \(words) script \(Self.typed)
          """)
        #expect(result.lines == Self.completed, "\(result.transcript)")
      }
    }

    @Test(.enabled(if: Machine.has("bash"), "bash is missing")) func bashCompletes() throws {
      try check(
        "bash", "bash --norc",
        """
        . ./_martlet
        read -ra spec <<<"$(complete -p martlet)"
        for ((i = 0; i < ${#spec[@]}; i++)); do
          if [ "${spec[i]}" = -F ]; then function=${spec[i + 1]}; fi
        done
        compopt() { :; }
        for COMP_LINE in "$@"; do
          COMP_POINT=${#COMP_LINE}; read -ra COMP_WORDS <<<"$COMP_LINE"
          COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
          $function martlet "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
          echo "${COMPREPLY[@]}"
        done
        """)
    }

    /// On a terminal (zpty), where a key asks for the completion and writes the line down.
    @Test(.enabled(if: Machine.has("zsh"), "zsh is missing")) func zshCompletes() throws {
      try check(
        "zsh", "zsh -f",
        """
        zmodload zsh/zpty zsh/zselect
        zpty z 'zsh -f -i'
        zpty -w z 'autoload -Uz compinit; compinit -u -D; . ./_martlet; setopt no_beep
          note() { zle expand-or-complete; print -r -- "${${(z)BUFFER}[-1]}" >>out; BUFFER= }
          zle -N note; bindkey "^T" note; : >out'
        until [[ -e out ]]; do zpty -r -t z line; zselect -t 2; done
        for text in "$@"; do
          before=$(wc -l <out)
          zpty -w -n z "$text"$'\\x14'
          while (( $(wc -l <out) == before )); do zpty -r -t z line; zselect -t 2; done
        done
        cat out
        """)
    }

    @Test(.enabled(if: Machine.has("fish"), "fish is missing")) func fishCompletes() throws {
      try check(
        "fish", "fish --no-config",
        """
        source _martlet
        for text in $argv
          for answer in (complete -C $text)
            string split -m 1 -f 1 \\t -- $answer
          end
        end
        """)
    }
  }
}
