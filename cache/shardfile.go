package cache

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/VictoriaMetrics/fastcache"
	"github.com/golang/snappy"
)

// bucketSaver is what each of fastcache's buckets can do.
type bucketSaver interface {
	Save(w io.Writer) error
}

// bucketsOf returns the buckets of a shard. fastcache exports their Save but not the
// field that holds them, and its own SaveToFileConcurrent never returns when a
// write fails: its workers end with the error while their feeder waits for them.
// So the field is reached by reflection; a fastcache with another field is an
// error, and the tests of the version in go.mod would fail.
func bucketsOf(shard *fastcache.Cache) ([]bucketSaver, error) {
	field := reflect.ValueOf(shard).Elem().FieldByName("buckets")
	if !field.IsValid() || field.Kind() != reflect.Array || field.Len() != shardBuckets {
		return nil, errors.New("this version of fastcache has no buckets that could be saved")
	}
	list := make([]bucketSaver, field.Len())
	for i := range list {
		one := field.Index(i)
		saver, ok := reflect.NewAt(one.Type(), one.Addr().UnsafePointer()).Interface().(bucketSaver)
		if !ok {
			return nil, errors.New("this version of fastcache has buckets that cannot be saved")
		}
		list[i] = saver
	}
	return list, nil
}

// save writes each shard into a folder of its own and brings it onto the disk
// before the next, so that the system never has more of it to write than one. It
// returns the files, named as below folder. The first error ends it, as does ctx.
func (r *shards) save(ctx context.Context, folder string, workers int) ([]savedFile, error) {
	var all []savedFile
	for n, shard := range r.list {
		buckets, err := bucketsOf(shard)
		if err != nil {
			return nil, err
		}
		w := shardWriter{folder: folder, name: shardName(n), buckets: buckets}
		files, err := w.save(ctx, workers, min(shardSteps, r.steps-uint64(n)*shardSteps))
		if err != nil {
			return nil, err
		}
		all = append(all, files...)
	}
	return all, nil
}

// shardWriter writes one shard in the form that fastcache loads: a file with the
// number of chunks of a bucket, and files of numbered buckets, compressed with
// snappy.
type shardWriter struct {
	folder, name string // the snapshot's folder, and the shard's in it
	buckets      []bucketSaver
	next         atomic.Int64 // bucket that nobody has taken yet
	failed       atomic.Bool
}

func (w *shardWriter) save(ctx context.Context, workers int, chunks uint64) ([]savedFile, error) {
	if err := os.Mkdir(filepath.Join(w.folder, w.name), 0o700); err != nil {
		return nil, err
	}
	files := make([]savedFile, workers+1)
	errs := make([]error, workers+1)
	var group sync.WaitGroup
	for i := range workers {
		group.Go(func() {
			files[i], errs[i] = writeSummed(w.folder, fmt.Sprintf("%s/data.%d.bin", w.name, i), func(to io.Writer) error { return w.writeBuckets(ctx, to) })
			if errs[i] != nil {
				w.failed.Store(true)
			}
		})
	}
	files[workers], errs[workers] = writeSummed(w.folder, w.name+"/metadata.bin", func(to io.Writer) error { return writeWord(to, chunks) })
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return files, syncFolder(filepath.Join(w.folder, w.name))
}

// writeBuckets writes buckets until none is left, one of the others has failed, or
// ctx is done. A bucket is copied under its lock and written without it, so that
// no request waits for the disk.
func (w *shardWriter) writeBuckets(ctx context.Context, to io.Writer) error {
	compressed := snappy.NewBufferedWriter(to)
	var copied bytes.Buffer
	for !w.failed.Load() {
		i := w.next.Add(1) - 1
		if i >= int64(len(w.buckets)) {
			break
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		copied.Reset()
		if err := w.buckets[i].Save(&copied); err != nil {
			return err
		}
		if err := writeWord(compressed, uint64(i)); err != nil {
			return err
		}
		if _, err := compressed.Write(copied.Bytes()); err != nil {
			return err
		}
	}
	return compressed.Close()
}

func writeWord(w io.Writer, n uint64) error {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	_, err := w.Write(b[:])
	return err
}
