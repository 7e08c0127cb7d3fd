;; Work for garbage collection's instructions, to be measured: each export
;; takes how much to do and answers with a sum.
;;
;;   sheave run --invoke trees objects.wat 16
;;
;; Every engine that reads WebAssembly 3.0 can run it (sheave wat2wasm).
(module
  (type $tree (struct
    (field $left (ref null $tree)) (field $right (ref null $tree))))
  (type $shape (sub (struct (field $next (mut (ref null $shape))))))
  (type $square (sub $shape (struct
    (field (mut (ref null $shape))) (field $side i32))))
  (type $box (sub $shape (struct
    (field (mut (ref null $shape))) (field $a i32) (field $b i32))))
  (type $cube (sub $square (struct
    (field (mut (ref null $shape))) (field i32) (field $depth i64))))
  (type $bytes (array (mut i8)))
  (type $words (array (mut i32)))

  ;; Trees of n levels, built and counted 8 times.
  (func $build (param $n i32) (result (ref $tree))
    (if (result (ref $tree)) (i32.eqz (local.get $n))
      (then (struct.new $tree (ref.null none) (ref.null none)))
      (else
        (struct.new $tree
          (call $build (i32.sub (local.get $n) (i32.const 1)))
          (call $build (i32.sub (local.get $n) (i32.const 1)))))))
  (func $count (param $t (ref null $tree)) (result i32)
    (if (result i32) (ref.is_null (struct.get $tree $left (local.get $t)))
      (then (i32.const 1))
      (else
        (i32.add (i32.const 1)
          (i32.add
            (call $count (struct.get $tree $left (local.get $t)))
            (call $count (struct.get $tree $right (local.get $t))))))))
  (func (export "trees") (param $n i32) (result i32)
    (local $i i32) (local $sum i32)
    (loop $again
      (local.set $sum
        (i32.add (local.get $sum) (call $count (call $build (local.get $n)))))
      (br_if $again (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const 8))))
    (local.get $sum))

  ;; A list of 999 shapes of three types, whose areas are summed n times.
  (func $shapes (result (ref null $shape))
    (local $i i32) (local $list (ref null $shape))
    (loop $more
      (local.set $list (struct.new $square (local.get $list) (local.get $i)))
      (local.set $list (struct.new $box (local.get $list) (local.get $i)
        (i32.const 3)))
      (local.set $list (struct.new $cube (local.get $list) (local.get $i)
        (i64.const 5)))
      (br_if $more (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const 333))))
    (local.get $list))
  (func $area (param $s (ref $shape)) (result i32)
    (block $other (result (ref $shape))
      (br_on_cast_fail $other (ref $shape) (ref $box) (local.get $s))
      (local.set $s)
      (return (i32.mul
        (struct.get $box $a (ref.cast (ref $box) (local.get $s)))
        (struct.get $box $b (ref.cast (ref $box) (local.get $s))))))
    (drop)
    (i32.mul
      (struct.get $square $side (ref.cast (ref $square) (local.get $s)))
      (if (result i32) (ref.test (ref $cube) (local.get $s))
        (then (i32.const 6)) (else (i32.const 1)))))
  (func (export "casts") (param $n i32) (result i32)
    (local $list (ref null $shape)) (local $s (ref null $shape))
    (local $sum i32)
    (local.set $list (call $shapes))
    (loop $again
      (local.set $s (local.get $list))
      (block $end
        (loop $next
          (local.set $sum (i32.add (local.get $sum)
            (call $area (br_on_null $end (local.get $s)))))
          (local.set $s (struct.get $shape $next (local.get $s)))
          (br $next)))
      (br_if $again
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))

  ;; Primes below n, by a sieve of bytes.
  (func (export "sieve") (param $n i32) (result i32)
    (local $a (ref $bytes)) (local $i i32) (local $k i32) (local $count i32)
    (local.set $a (array.new_default $bytes (local.get $n)))
    (local.set $i (i32.const 2))
    (loop $next
      (if (i32.eqz (array.get_u $bytes (local.get $a) (local.get $i)))
        (then
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (local.set $k (i32.add (local.get $i) (local.get $i)))
          (block $done
            (loop $strike
              (br_if $done (i32.ge_u (local.get $k)
                (array.len (local.get $a))))
              (array.set $bytes (local.get $a) (local.get $k) (i32.const 1))
              (local.set $k (i32.add (local.get $k) (local.get $i)))
              (br $strike)))))
      (br_if $next (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (local.get $n))))
    (local.get $count))

  ;; n words from a small generator, sorted by Shell's method: the middle one.
  (func (export "sort") (param $n i32) (result i32)
    (local $a (ref $words)) (local $i i32) (local $k i32) (local $gap i32)
    (local $x i32)
    (local.set $a (array.new_default $words (local.get $n)))
    (local.set $x (i32.const 1))
    (loop $fill
      (array.set $words (local.get $a) (local.get $i)
        (i32.shr_u (local.tee $x
          (i32.add (i32.mul (local.get $x) (i32.const 1103515245))
            (i32.const 12345))) (i32.const 8)))
      (br_if $fill (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (local.get $n))))
    (local.set $gap (i32.const 1))
    (loop $wider
      (local.set $gap
        (i32.add (i32.mul (local.get $gap) (i32.const 3)) (i32.const 1)))
      (br_if $wider (i32.lt_u (local.get $gap) (local.get $n))))
    (loop $pass
      (local.set $gap (i32.div_u (local.get $gap) (i32.const 3)))
      (local.set $i (local.get $gap))
      (block $sorted
        (loop $insert
          (br_if $sorted (i32.ge_u (local.get $i) (local.get $n)))
          (local.set $x (array.get $words (local.get $a) (local.get $i)))
          (local.set $k (local.get $i))
          (block $place
            (loop $move
              (br_if $place (i32.lt_u (local.get $k) (local.get $gap)))
              (br_if $place (i32.le_u
                (array.get $words (local.get $a)
                  (i32.sub (local.get $k) (local.get $gap)))
                (local.get $x)))
              (array.set $words (local.get $a) (local.get $k)
                (array.get $words (local.get $a)
                  (i32.sub (local.get $k) (local.get $gap))))
              (local.set $k (i32.sub (local.get $k) (local.get $gap)))
              (br $move)))
          (array.set $words (local.get $a) (local.get $k) (local.get $x))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $insert)))
      (br_if $pass (i32.gt_u (local.get $gap) (i32.const 1))))
    (array.get $words (local.get $a) (i32.shr_u (local.get $n) (i32.const 1))))
)
