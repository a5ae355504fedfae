"""New event files become shards of the accepted log, each row judged once."""
