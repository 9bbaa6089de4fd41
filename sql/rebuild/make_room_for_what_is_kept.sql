-- What the replayed steps have noted on the way gives place to what the live warehouse has.
truncate ops.batches;
truncate ops.revision;
truncate ops.watermarks;
truncate ops.reading_limits;
