"""How models are trained again and again, from new data, without anybody watching."""
