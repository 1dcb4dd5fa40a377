// Audit: checks a C2SP tlog-tiles log with the Go project's own packages: signature, tree, every entry.
// In: the log's folder and its public key. Out: size and root, or the first entry that isn't what was signed.
// Not here: anything of the program that wrote the log.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type tiles string

func (tiles) Height() int                      { return 8 }
func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (dir tiles) ReadTiles(all []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, t := range all {
		bytes, err := os.ReadFile(dir.path(t))
		if err != nil {
			return nil, err
		}
		data = append(data, bytes)
	}
	return data, nil
}

// tlog-tiles leaves out the height, and calls entries what the checksum database calls data.
func (dir tiles) path(t tlog.Tile) string {
	path := strings.Replace(strings.TrimPrefix(t.Path(), "tile/8/"), "data/", "entries/", 1)
	return filepath.Join(string(dir), "tile", path)
}

func audit(dir, vkey string) (string, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(vkey))
	if err != nil {
		return "", err
	}
	bytes, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return "", err
	}
	signed, err := note.Open(bytes, note.VerifierList(verifier))
	if err != nil {
		return "", err
	}
	lines := strings.Split(signed.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return "", err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != 32 || lines[0] != verifier.Name() {
		return "", fmt.Errorf("malformed checkpoint")
	}
	tree := tlog.Tree{N: size, Hash: tlog.Hash(*(*[32]byte)(root))}
	hashes := tlog.TileHashReader(tree, tiles(dir))
	for first := int64(0); first < size; first += 256 {
		width := size - first
		if width > 256 {
			width = 256
		}
		bundle, err := os.ReadFile(tiles(dir).path(tlog.Tile{H: 8, L: -1, N: first / 256, W: int(width)}))
		if err != nil {
			return "", err
		}
		for index := first; index < first+width; index++ {
			if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
				return "", fmt.Errorf("entry %d: the bundle ends within it", index)
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			entry := bundle[2:end]
			bundle = bundle[end:]
			proof, err := tlog.ProveRecord(size, index, hashes)
			if err != nil {
				return "", fmt.Errorf("entry %d: %v", index, err)
			}
			if err := tlog.CheckRecord(proof, size, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
				return "", fmt.Errorf("entry %d: %v", index, err)
			}
		}
		if len(bundle) > 0 {
			return "", fmt.Errorf("bundle of entry %d: bytes after its last entry", first)
		}
	}
	return fmt.Sprintf("%s: %d entries, root %s", lines[0], size, lines[2]), nil
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: audit FOLDER PUBLIC-KEY")
		os.Exit(2)
	}
	said, err := audit(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	fmt.Println(said)
}
