# An estate that is applied in three steps with pauses between them. Terraform writes a state when something is done and the
# last write is twenty seconds old (no setting makes that less); a queue and its policy take longer than that by themselves.
# What is made after a write is in the cloud and in no state until the next, parts of what that state holds among it.

resource "aws_vpc" "main" {
  cidr_block = "10.20.0.0/16"
  tags       = { Name = "long" }
}

resource "aws_subnet" "main" {
  count      = 2
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.20.${count.index}.0/24"
  tags       = { Name = "long-${count.index}" }
}

resource "aws_route_table" "main" {
  vpc_id = aws_vpc.main.id
  tags   = { Name = "long" }
}

resource "aws_network_acl" "main" {
  vpc_id = aws_vpc.main.id
  tags   = { Name = "long" }
}

resource "aws_security_group" "apart" {
  name        = "long-apart"
  description = "its rules are resources of their own"
  vpc_id      = aws_vpc.main.id
  tags        = { Name = "long" }
}

resource "aws_s3_bucket" "main" {
  bucket = "long-apply"
  tags   = { Name = "long" }
}

resource "aws_iam_role" "main" {
  name = "long"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
  tags = { Name = "long" }
}

resource "aws_sqs_queue" "main" {
  name                       = "long"
  visibility_timeout_seconds = 30
  tags                       = { Name = "long" }
  lifecycle {
    ignore_changes = [visibility_timeout_seconds]
  }
}

resource "aws_sns_topic" "main" {
  name = "long"
  tags = { Name = "long" }
}

resource "aws_dynamodb_table" "main" {
  name           = "long"
  hash_key       = "id"
  read_capacity  = 2
  write_capacity = 2
  attribute {
    name = "id"
    type = "S"
  }
  tags = { Name = "long" }
  lifecycle {
    ignore_changes = [read_capacity, write_capacity]
  }
}

resource "aws_ecs_cluster" "main" {
  name = "long"
}

resource "aws_launch_template" "main" {
  name          = "long"
  image_id      = "ami-12c6146b"
  instance_type = "t3.micro"
}

resource "terraform_data" "first" {
  depends_on = [
    aws_subnet.main, aws_route_table.main, aws_network_acl.main, aws_security_group.apart, aws_s3_bucket.main,
    aws_iam_role.main, aws_sqs_queue.main, aws_sns_topic.main, aws_dynamodb_table.main, aws_ecs_cluster.main,
    aws_launch_template.main,
  ]
  provisioner "local-exec" {
    command = "sleep 12"
  }
}

# Parts of what stands in the state already.

resource "aws_route" "main" {
  route_table_id         = aws_route_table.main.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_internet_gateway" "main" {
  vpc_id     = aws_vpc.main.id
  depends_on = [terraform_data.first]
}

resource "aws_network_acl_rule" "main" {
  network_acl_id = aws_network_acl.main.id
  rule_number    = 100
  protocol       = "tcp"
  rule_action    = "allow"
  cidr_block     = "10.0.0.0/8"
  from_port      = 443
  to_port        = 443
  depends_on     = [terraform_data.first]
}

resource "aws_security_group_rule" "main" {
  security_group_id = aws_security_group.apart.id
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_blocks       = ["10.0.0.0/8"]
  depends_on        = [terraform_data.first]
}

resource "aws_s3_bucket_versioning" "main" {
  bucket = aws_s3_bucket.main.id
  versioning_configuration {
    status = "Enabled"
  }
  depends_on = [terraform_data.first]
}

resource "aws_s3_bucket_policy" "main" {
  bucket = aws_s3_bucket.main.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:aws:iam::123456789012:root" }
      Action    = "s3:GetObject"
      Resource  = "${aws_s3_bucket.main.arn}/*"
    }]
  })
  depends_on = [terraform_data.first]
}

resource "aws_iam_role_policy" "main" {
  name = "long"
  role = aws_iam_role.main.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sqs:SendMessage", Resource = aws_sqs_queue.main.arn }]
  })
  depends_on = [terraform_data.first]
}

resource "aws_sqs_queue_policy" "main" {
  queue_url = aws_sqs_queue.main.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.main.arn
    }]
  })
  depends_on = [terraform_data.first]
}

resource "aws_autoscaling_group" "main" {
  name                = "long"
  min_size            = 0
  max_size            = 20
  desired_capacity    = 1
  vpc_zone_identifier = aws_subnet.main[*].id
  launch_template {
    id      = aws_launch_template.main.id
    version = "1"
  }
  lifecycle {
    ignore_changes = [desired_capacity]
  }
  depends_on = [terraform_data.first]
}

resource "aws_ecs_task_definition" "main" {
  family                   = "long"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  container_definitions    = jsonencode([{ name = "main", image = "nginx", essential = true }])
  depends_on               = [terraform_data.first]
}

resource "aws_ecs_service" "main" {
  name            = "long"
  cluster         = aws_ecs_cluster.main.id
  task_definition = aws_ecs_task_definition.main.arn
  desired_count   = 1
  launch_type     = "FARGATE"
  network_configuration {
    subnets         = aws_subnet.main[*].id
    security_groups = [aws_security_group.apart.id]
  }
  lifecycle {
    ignore_changes = [desired_count]
  }
}

resource "terraform_data" "second" {
  depends_on = [
    aws_route.main, aws_network_acl_rule.main, aws_security_group_rule.main, aws_s3_bucket_versioning.main,
    aws_s3_bucket_policy.main, aws_iam_role_policy.main, aws_sqs_queue_policy.main, aws_autoscaling_group.main,
    aws_ecs_service.main,
  ]
  provisioner "local-exec" {
    command = "sleep 12"
  }
}

# And more of them.

resource "aws_vpc_security_group_ingress_rule" "main" {
  security_group_id = aws_security_group.apart.id
  ip_protocol       = "tcp"
  from_port         = 8443
  to_port           = 8443
  cidr_ipv4         = "10.0.0.0/8"
  depends_on        = [terraform_data.second]
}

resource "aws_route_table_association" "main" {
  subnet_id      = aws_subnet.main[0].id
  route_table_id = aws_route_table.main.id
  depends_on     = [terraform_data.second]
}

resource "aws_s3_bucket_server_side_encryption_configuration" "main" {
  bucket = aws_s3_bucket.main.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
  depends_on = [terraform_data.second]
}

resource "aws_s3_bucket_public_access_block" "main" {
  bucket                  = aws_s3_bucket.main.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
  depends_on              = [terraform_data.second]
}

resource "aws_iam_role_policy_attachment" "main" {
  role       = aws_iam_role.main.name
  policy_arn = aws_iam_policy.main.arn
}

resource "aws_iam_policy" "main" {
  name = "long"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sns:Publish", Resource = aws_sns_topic.main.arn }]
  })
  depends_on = [terraform_data.second]
}

resource "aws_sns_topic_subscription" "main" {
  topic_arn  = aws_sns_topic.main.arn
  protocol   = "sqs"
  endpoint   = aws_sqs_queue.main.arn
  depends_on = [terraform_data.second]
}

resource "terraform_data" "third" {
  depends_on = [
    aws_vpc_security_group_ingress_rule.main, aws_route_table_association.main, aws_sns_topic_subscription.main,
    aws_s3_bucket_server_side_encryption_configuration.main, aws_s3_bucket_public_access_block.main,
    aws_iam_role_policy_attachment.main,
  ]
  provisioner "local-exec" {
    command = "sleep 21"
  }
}
